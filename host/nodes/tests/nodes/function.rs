//! Functions at work, with a real component: `limits` of the guest examples.

use crate::support::{Shelf, World, entry, message, shown, spec};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use weft_model::document::Grants;
use weft_model::node::{Effect, Event, Expect, Handled, Node, Outcome};
use weft_model::{Fault, FaultCode};
use weft_nodes::{ComponentInfo, Palette};
use weft_sandbox::{CompiledCache, Digest, Function, FunctionKind, Sandbox, SandboxConfig};

/// The component, compiled once for all tests.
fn limits() -> &'static (ComponentInfo, Function) {
    static LOADED: OnceLock<(ComponentInfo, Function)> = OnceLock::new();
    LOADED.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests/limits.wasm");
        let wasm = std::fs::read(file).expect("limits.wasm is not built: run cargo xtask guests");
        let folder = tempfile::tempdir().unwrap();
        let cache = CompiledCache::open(folder.path(), [7; 32]).unwrap();
        let digest = Digest::of(&wasm);
        cache
            .insert(&digest, &weft_sandbox::compile(&wasm).unwrap())
            .unwrap();
        let config = SandboxConfig {
            max_concurrent_calls: 8,
            ..SandboxConfig::default()
        };
        let function = Sandbox::new(config, cache)
            .unwrap()
            .load(&digest)
            .unwrap()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let info = ComponentInfo {
            name: "limits".into(),
            version: "1.0.0".parse().unwrap(),
            digest,
            descriptor: runtime.block_on(function.describe()).unwrap(),
            kind: FunctionKind::Function,
        };
        (info, function)
    })
}

fn node(config: Json, grants: Json) -> Box<dyn Node> {
    let (info, function) = limits();
    let shelf = Shelf {
        infos: vec![info.clone()],
        functions: BTreeMap::from([(info.digest, function.clone())]),
    };
    let mut spec = spec("component:limits", config);
    spec.grants = serde_json::from_value::<Grants>(grants).unwrap();
    Palette::builtin().build(&spec, &shelf).unwrap()
}

fn run(node: &dyn Node, event: Event, world: &Arc<World>) -> Result<Outcome, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match node.handle(event, world.effects()) {
        Handled::Ready(result) => result,
        Handled::Pending(work) => runtime.block_on(work),
    }
}

fn order(order: Json, grants: Json, world: &Arc<World>) -> Result<Outcome, Fault> {
    let payload = message(json!({ "payload": order }));
    run(&*node(json!({}), grants), Event::Message(payload), world)
}

/// A world whose bucket `b` holds one counter and one text.
fn world() -> Arc<World> {
    let at = |key: &str| ("b".to_owned(), key.to_owned());
    let state = BTreeMap::from([(at("n"), entry("5", 3)), (at("text"), entry("x", 4))]);
    let env = BTreeMap::from([("LIMITS".to_owned(), json!({"a": 1}))]);
    Arc::new(World {
        env,
        state,
        ..World::default()
    })
}

fn bucket() -> Json {
    json!({ "buckets": ["b"] })
}

fn write(key: &str, value: Option<&'static str>, expect: Expect) -> Effect {
    let value = value.map(|text| text.into());
    Effect::State {
        bucket: "b".into(),
        key: key.into(),
        value,
        expect,
    }
}

#[test]
fn a_message_goes_in_and_what_comes_out_has_its_id() {
    let outcome = order(json!({"action": "echo"}), json!({}), &world()).unwrap();
    assert_eq!((outcome.sends.len(), outcome.sends[0].port), (1, 0));
    assert_eq!(&**outcome.sends[0].message.id(), "m");
    assert!(outcome.effects.is_empty() && outcome.usage.fuel > 0);
}

#[test]
fn the_config_is_the_components_own() {
    let config = json!({"action": "many", "n": 3});
    let outcome = run(
        &*node(config, json!({})),
        Event::Message(message(json!({}))),
        &world(),
    );
    assert_eq!(outcome.unwrap().sends.len(), 3);
}

#[test]
fn a_function_gets_start_and_stop() {
    let (node, world) = (node(json!({}), json!({})), world());
    assert!(node.wants_lifecycle());
    run(&*node, Event::Start, &world).unwrap();
    run(&*node, Event::Stop, &world).unwrap();
    let lines: Vec<_> = world.log().into_iter().map(|line| line.1).collect();
    assert_eq!(lines, ["start", "stop"]);
}

#[test]
fn nothing_can_be_used_without_a_grant() {
    for (action, grant) in [
        (
            json!({"action": "env", "name": "LIMITS"}),
            "grants.env: [\"LIMITS\"]",
        ),
        (
            json!({"action": "secret", "name": "key"}),
            "grants.secrets: [\"key\"]",
        ),
        (
            json!({"action": "state-get", "bucket": "b", "name": "n"}),
            "grants.buckets: [\"b\"]",
        ),
        (
            json!({"action": "state-set", "bucket": "b", "name": "n", "text": "1"}),
            "grants.buckets: [\"b\"]",
        ),
        (
            json!({"action": "state-keys", "bucket": "b"}),
            "grants.buckets: [\"b\"]",
        ),
    ] {
        let other = json!({"env": ["X"], "secrets": ["X"], "buckets": ["X"]});
        let fault = order(action.clone(), other, &world()).unwrap_err();
        assert_eq!(
            fault.code,
            FaultCode::CapabilityDenied,
            "{action}: {fault:?}"
        );
        assert!(
            fault.hint.as_deref().unwrap_or_default().contains(grant),
            "{fault:?}"
        );
    }
}

#[test]
fn a_granted_value_is_found_as_text() {
    let grants = json!({"env": ["LIMITS"], "secrets": ["key"]});
    let outcome = order(
        json!({"action": "env", "name": "LIMITS"}),
        grants.clone(),
        &world(),
    )
    .unwrap();
    assert_eq!(
        shown(&outcome.sends[0].message)["payload"],
        json!("{\"a\":1}")
    );
    let fault = order(json!({"action": "secret", "name": "key"}), grants, &world()).unwrap_err();
    assert_eq!(fault.code, FaultCode::FunctionError);
    assert!(
        fault.message.contains("no secret named \"key\""),
        "{fault:?}"
    );
}

#[test]
fn writes_become_effects_with_what_they_expect() {
    for (action, effect) in [
        (
            json!({"action": "state-set", "name": "n", "text": "9"}),
            write("n", Some("9"), Expect::Anything),
        ),
        (
            json!({"action": "state-delete", "name": "n"}),
            write("n", None, Expect::Anything),
        ),
        (
            json!({"action": "state-increment", "name": "n", "n": 2}),
            write("n", Some("7"), Expect::Version(3)),
        ),
        (
            json!({"action": "state-increment", "name": "new", "n": 2}),
            write("new", Some("2"), Expect::Absent),
        ),
        (
            json!({"action": "state-swap", "name": "n", "text": "y", "version": 3}),
            write("n", Some("y"), Expect::Version(3)),
        ),
        (
            json!({"action": "state-swap", "name": "new", "text": "y"}),
            write("new", Some("y"), Expect::Absent),
        ),
    ] {
        let mut action = action;
        action["bucket"] = json!("b");
        let outcome = order(action.clone(), bucket(), &world()).unwrap();
        assert_eq!(outcome.effects, [effect], "{action}");
    }
}

#[test]
fn a_swap_that_comes_too_late_writes_nothing() {
    let action =
        json!({"action": "state-swap", "bucket": "b", "name": "n", "text": "y", "version": 2});
    let outcome = order(action, bucket(), &world()).unwrap();
    assert!(outcome.effects.is_empty() && outcome.sends.len() == 1);
}

#[test]
fn a_function_that_fails_writes_nothing() {
    let action = json!({"action": "state-set-then-fail", "bucket": "b", "name": "n", "text": "9"});
    let fault = order(action, bucket(), &world()).unwrap_err();
    assert_eq!(fault.code, FaultCode::FunctionError);
}

#[test]
fn what_is_emitted_leaves_at_once_unless_state_could_contradict_it() {
    let emit = || json!({"action": "emit", "n": 2, "port": 1});
    let free = world();
    let outcome = order(emit(), json!({}), &free).unwrap();
    let ports: Vec<_> = free
        .said
        .lock()
        .unwrap()
        .emitted
        .iter()
        .map(|e| e.0)
        .collect();
    assert_eq!((ports, outcome.sends.len()), (vec![1, 1], 1));

    let bound = world();
    let outcome = order(emit(), bucket(), &bound).unwrap();
    assert!(bound.said.lock().unwrap().emitted.is_empty());
    let ports: Vec<_> = outcome.sends.iter().map(|s| s.port).collect();
    assert_eq!(ports, [1, 1, 0], "emitted messages go before returned ones");
}

#[test]
fn what_a_function_returns_must_be_messages_for_its_ports() {
    for (action, words) in [
        (json!({"action": "bad-port", "port": 2}), "port 2"),
        (json!({"action": "bad-json"}), "no message"),
        (json!({"action": "bad-blob"}), "no message"),
    ] {
        let fault = order(action.clone(), json!({}), &world()).unwrap_err();
        assert_eq!(fault.code, FaultCode::InvalidOutput, "{action}: {fault:?}");
        assert!(
            fault.message.contains(words) && fault.usage.fuel > 0,
            "{fault:?}"
        );
    }
}

#[test]
fn state_has_limits_of_its_own() {
    let set = |name: &str, text: &str| {
        let action = json!({"action": "state-set", "bucket": "b", "name": name, "text": text});
        order(action, bucket(), &world())
    };
    assert!(set(&"k".repeat(512), &"v".repeat(8192)).is_ok());
    assert!(
        set(&"k".repeat(513), "v")
            .unwrap_err()
            .message
            .contains("512")
    );
    assert!(
        set("k", &"v".repeat(8193))
            .unwrap_err()
            .message
            .contains("8192")
    );
    let add = json!({"action": "state-increment", "bucket": "b", "name": "text", "n": 1});
    assert!(
        order(add, bucket(), &world())
            .unwrap_err()
            .message
            .contains("whole number")
    );
}

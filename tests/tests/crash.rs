//! After SIGKILL at any moment, everything that the API has acknowledged is
//! there.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use weft_tests::text::Random;
use weft_tests::{Api, Flow, Request, Server, artifact};

const ROUNDS: usize = 12;

/// Writers at the same time: drafts, deploys, uploads, state, the host itself.
const LANES: usize = 7;

/// What the servers have acknowledged, over all rounds.
#[derive(Default)]
struct Acknowledged {
    /// The last number saved in each draft.
    drafts: BTreeMap<String, u64>,
    /// The last revision deployed of each flow, and the number it answers.
    deploys: BTreeMap<String, (u64, u64)>,
    /// Uploaded versions of the component, with their digests.
    versions: BTreeMap<String, Json>,
    /// The highest count of each counter.
    counts: BTreeMap<String, i64>,
    /// Instances that were activated.
    instances: Vec<String>,
    /// Tokens that were made: they must work.
    tokens: Vec<String>,
}

/// A draft whose size differs by its number: some lie beside the records.
fn draft(id: &str, number: u64) -> Flow {
    let filler = "x".repeat((number as usize % 4) * 3_000);
    let set = json!({ "rules": [{ "t": "set", "p": "payload", "to": number.to_string() }] });
    Flow::http(id, "GET", &format!("/{id}"), &[("set", "change", set)])
        .set("documentation", json!(filler))
}

fn number_in(document: &Json) -> u64 {
    let text = document["nodes"][1]["config"]["rules"][0]["to"]
        .as_str()
        .expect("a draft of ours");
    text.parse().expect("a number")
}

/// Somebody who writes until the server is gone. `None` means that it is.
struct Writer<'a> {
    api: Api,
    flows: std::net::SocketAddr,
    done: &'a Mutex<Acknowledged>,
    /// Hears of each acknowledged write.
    written: Sender<usize>,
    lane: usize,
    number: u64,
}

impl Writer<'_> {
    fn send(&self, request: &Request) -> Option<Json> {
        let answer = request.try_send(self.api.address).ok()?;
        self.accepted(answer)
    }

    /// A server that is killed answers nothing; one that lives does what it is
    /// asked.
    fn accepted(&self, answer: weft_tests::Response) -> Option<Json> {
        assert!(
            matches!(answer.status, 200..=202),
            "{} {}",
            answer.status,
            answer.text()
        );
        // Nobody listens once the server is being killed.
        let _unheard = self.written.send(self.lane);
        Some(answer.json())
    }

    fn save(&mut self, id: &str) -> Option<u64> {
        self.number += 1;
        let path = format!("/instances/default/flows/{id}");
        self.send(
            &self
                .api
                .request("PUT", &path)
                .json(&draft(id, self.number).document()),
        )?;
        self.done
            .lock()
            .unwrap()
            .drafts
            .insert(id.into(), self.number);
        Some(self.number)
    }

    fn deploy(&mut self, id: &str) -> Option<()> {
        let number = self.save(id)?;
        let path = format!("/instances/default/flows/{id}/deploy");
        let deployed = self.send(&self.api.request("POST", &path).json(&json!({})))?;
        let revision = deployed["revision"].as_u64().unwrap();
        self.done
            .lock()
            .unwrap()
            .deploys
            .insert(id.into(), (revision, number));
        Some(())
    }

    fn upload(&mut self) -> Option<()> {
        self.number += 1;
        let version = format!("{}.0.0", self.number);
        let path = format!("/instances/default/components/crash?version={version}");
        let guest = ["hello", "counter"][self.number as usize % 2];
        let made = self.send(&self.api.request("PUT", &path).body(artifact::guest(guest)))?;
        self.done
            .lock()
            .unwrap()
            .versions
            .insert(version, made["digest"].clone());
        Some(())
    }

    fn count(&self, key: &str) -> Option<()> {
        let request = Request::new("POST", "/default/count").json(&json!({ "key": key }));
        let counted = self.accepted(request.try_send(self.flows).ok()?)?;
        let value = counted["value"].as_i64().unwrap();
        let mut done = self.done.lock().unwrap();
        let highest = done.counts.entry(key.into()).or_default();
        *highest = value.max(*highest);
        Some(())
    }

    fn activate(&mut self, name: String) -> Option<()> {
        self.send(
            &self
                .api
                .request("POST", "/instances")
                .json(&json!({ "name": name })),
        )?;
        self.done.lock().unwrap().instances.push(name);
        Some(())
    }

    fn make_token(&self) -> Option<()> {
        let wanted = json!({ "name": "crash", "role": "viewer" });
        let made = self.send(&self.api.request("POST", "/tokens").json(&wanted))?;
        self.done
            .lock()
            .unwrap()
            .tokens
            .push(made["token"].as_str().unwrap().into());
        Some(())
    }
}

fn assert_all_there(server: &Server, done: &Acknowledged) {
    let api = server.api();
    for (id, number) in &done.drafts {
        let document = api
            .get(&format!("/instances/default/flows/{id}"))
            .expect(200)
            .json();
        // One that was not acknowledged may have been written all the same.
        assert!(
            number_in(&document) >= *number,
            "draft {id}: {number} is lost"
        );
    }
    for (id, (revision, number)) in &done.deploys {
        let kept = api
            .get(&format!(
                "/instances/default/flows/{id}/revisions/{revision}"
            ))
            .expect(200)
            .json();
        assert_eq!(
            number_in(&kept["document"]),
            *number,
            "revision {revision} of {id}"
        );
        let answer: u64 = server
            .get(&format!("/default/{id}"))
            .expect(200)
            .text()
            .parse()
            .unwrap();
        assert!(
            answer >= *number,
            "{id} answers {answer}, deployed was {number}"
        );
    }
    for (version, digest) in &done.versions {
        let path = format!("/instances/default/components/crash?version={version}");
        assert_eq!(api.get(&path).expect(200).json()["digest"], *digest);
    }
    for (key, value) in &done.counts {
        let answer = server
            .post("/default/count", &json!({ "key": key }))
            .expect(200)
            .json();
        assert!(
            answer["value"].as_i64().unwrap() > *value,
            "{key}: {value} is lost, now {answer}"
        );
    }
    for name in &done.instances {
        assert_eq!(
            server.get(&format!("/{name}/hello")).expect(200).text(),
            "Hello, world!"
        );
    }
    for token in &done.tokens {
        api.with_token(token).get("/instances").expect(200);
    }
}

#[test]
fn everything_acknowledged_is_there_after_each_of_many_kills() {
    let done = Mutex::new(Acknowledged::default());
    let mut random = Random(0xc4a5);
    let mut server = Server::start();
    server.upload("default", "counter");
    let counting = Flow::function("count", "POST", "/count", "counter").with(
        "fn",
        "grants",
        json!({ "buckets": ["counters"] }),
    );
    server.deploy("default", &counting);
    for round in 0..ROUNDS {
        let launch = thread::scope(|scope| {
            let (written, heard) = channel();
            let writer = |lane: usize| Writer {
                api: server.api(),
                flows: server.listen,
                done: &done,
                written: written.clone(),
                lane,
                number: (round * LANES + lane + 1) as u64 * 100_000,
            };
            let mut lanes = Vec::new();
            for lane in [0, 1] {
                let mut saver = writer(lane);
                lanes.push(
                    scope.spawn(move || while saver.save(&format!("draft-{lane}")).is_some() {}),
                );
            }
            let mut deployer = writer(2);
            lanes.push(scope.spawn(move || while deployer.deploy("deployed").is_some() {}));
            let mut uploader = writer(3);
            lanes.push(scope.spawn(move || while uploader.upload().is_some() {}));
            for (lane, key) in [(4, "a"), (5, "b")] {
                let counter = writer(lane);
                lanes.push(scope.spawn(move || while counter.count(key).is_some() {}));
            }
            let mut host = writer(6);
            lanes.push(scope.spawn(move || {
                let activated = host.activate(format!("crash-{round}"));
                if activated.is_some() {
                    while host.make_token().is_some() {}
                }
            }));
            // Every other round, each has had its turn; in the others the kill
            // may come before.
            let least = if round % 2 == 0 { 2 } else { 0 };
            let enough = 5 + random.below(60);
            let mut writes = [0; LANES];
            for lane in &heard {
                writes[lane] += 1;
                let had_their_turn = writes.iter().all(|count| *count >= least);
                let one_gave_up = lanes.iter().any(|lane| lane.is_finished());
                if one_gave_up || (had_their_turn && writes.iter().sum::<usize>() >= enough) {
                    break;
                }
            }
            // Dying in the middle of whatever it does now.
            server.kill()
        });
        server = launch.start();
        assert_all_there(&server, &done.lock().unwrap());
    }
    let done = done.lock().unwrap();
    assert!(
        done.drafts.len() == 3
            && !done.versions.is_empty()
            && !done.tokens.is_empty()
            && !done.deploys.is_empty()
            && !done.counts.is_empty(),
        "the rounds wrote nothing"
    );
}

#[test]
fn a_kill_during_the_first_start_leaves_a_directory_that_starts() {
    let launch = weft_tests::Launch::new();
    for delay in [0, 5, 20, 60, 120] {
        launch.kill_while_starting(std::time::Duration::from_millis(delay));
    }
    let server = launch.start();
    assert_eq!(
        server.get("/default/hello?name=Ada").expect(200).text(),
        "Hello, Ada!"
    );
    server.api().get("/instances").expect(200);
}

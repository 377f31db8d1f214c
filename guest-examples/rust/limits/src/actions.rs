//! Everything the function can be made to do, except with state.

use crate::{Action, Kind, Order, state};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weft::{Error, ErrorKind, Message, Object, Outputs, Value};

pub(crate) fn perform(order: &Order, message: Message) -> Result<Outputs, Error> {
    let answer = match order.action {
        Action::Echo => return Ok(Outputs::on(0, message)),
        Action::Loop => forever(),
        Action::Trap => trap(),
        Action::Panic => panic_now(&order.text),
        Action::Recurse => Value::from(recurse(u64::MAX)),
        Action::Grow => grow(order.n),
        Action::Log => log(order),
        Action::Print => print(order),
        Action::Emit => emit(order),
        Action::Many => return Ok(many(order.n, &message)),
        Action::Big => "x".repeat(size(order.n)?).into(),
        Action::BigBytes => vec![0_u8; size(order.n)?].into(),
        Action::Fail => return Err(fail(order)),
        Action::BadPort => return Ok(Outputs::on(order.port.unwrap_or(99), message)),
        Action::BadJson => return Ok(unchecked("{not json")),
        Action::BadBlob => return Ok(unchecked(r#"{"$bytes":7}"#)),
        Action::Sleep => sleep(order.n),
        Action::Random => random(),
        Action::Clock => clock(),
        Action::Env => weft::env::get(&order.name)?.into(),
        Action::Secret => Value::of(&weft::secrets::get(&order.name)?.reveal().len())?,
        Action::Activation => activation(),
        Action::StateGet
        | Action::StateSet
        | Action::StateDelete
        | Action::StateIncrement
        | Action::StateSwap
        | Action::StateKeys
        | Action::StateSetThenFail => state::perform(order)?,
    };
    Ok(Outputs::on(0, message.with_payload(answer)))
}

fn forever() -> ! {
    loop {
        std::hint::black_box(0);
    }
}

fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

// Panicking is what it was asked for.
#[allow(clippy::panic)]
fn panic_now(text: &str) -> ! {
    panic!("asked to panic: {text}")
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 {
        return 0;
    }
    recurse(depth - 1).wrapping_add(frame[3])
}

/// Memory in blocks of up to 1 MiB, so that a refusal shows near the limit.
fn grow(wanted: u64) -> Value {
    const BLOCK: u64 = 1 << 20;
    let (mut held, mut blocks) = (0, Vec::new());
    while wanted == 0 || held < wanted {
        let size = if wanted == 0 {
            BLOCK
        } else {
            BLOCK.min(wanted - held)
        };
        let mut block: Vec<u8> = Vec::new();
        if block.try_reserve_exact(size as usize).is_err() {
            break;
        }
        block.resize(size as usize, 1);
        blocks.push(std::hint::black_box(block));
        held += size;
    }
    Value::from(held)
}

fn log(order: &Order) -> Value {
    for number in 0..order.n {
        weft::log::info!("line {number} {}", order.text);
    }
    order.n.into()
}

// Printing is what it was asked for.
#[allow(clippy::print_stdout)]
fn print(order: &Order) -> Value {
    for number in 0..order.n {
        println!("line {number} {}", order.text);
    }
    order.n.into()
}

fn emit(order: &Order) -> Value {
    let (mut taken, mut refusal) = (0_u64, None);
    while taken < order.n {
        match weft::emit(order.port.unwrap_or(0), Message::new(taken)) {
            Ok(()) => taken += 1,
            Err(error) => {
                refusal = Some(error.to_string());
                break;
            }
        }
    }
    object([("taken", taken.into()), ("refusal", refusal.into())])
}

fn many(count: u64, message: &Message) -> Outputs {
    let mut outputs = Outputs::new();
    for number in 0..count {
        outputs.push(0, message.clone().with_payload(number));
    }
    outputs
}

fn fail(order: &Order) -> Error {
    let kind = match order.kind {
        Kind::InvalidInput => ErrorKind::InvalidInput,
        Kind::Retryable => ErrorKind::Retryable,
        Kind::Failed => ErrorKind::Failed,
    };
    let text = match order.text.as_str() {
        "" => "It was asked to fail.",
        text => text,
    };
    Error::of(kind, text).with_data(object([("n", order.n.into())]))
}

fn unchecked(payload: &str) -> Outputs {
    Outputs::on(0, Message::unchecked(payload))
}

fn sleep(millis: u64) -> Value {
    std::thread::sleep(Duration::from_millis(millis));
    millis.into()
}

fn random() -> Value {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds its hash maps from the host's randomness.
    RandomState::new().hash_one(0).into()
}

fn clock() -> Value {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).into()
}

fn activation() -> Value {
    let activation = weft::activation();
    object([
        ("instance", activation.instance.into()),
        ("flow", activation.flow.into()),
        ("revision", activation.revision.into()),
        ("run", activation.run.into()),
        ("node", activation.node.into()),
        ("id", activation.id.into()),
        ("attempt", activation.attempt.into()),
    ])
}

fn size(bytes: u64) -> Result<usize, Error> {
    usize::try_from(bytes).map_err(Error::invalid_input)
}

pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Value::Object(Object::from_iter(fields))
}

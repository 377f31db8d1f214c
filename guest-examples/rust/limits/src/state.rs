//! The actions with state.

use crate::{Action, Order, actions::object};
use weft::state::{Bucket, Entry, Swap};
use weft::{Error, Value};

pub(crate) fn perform(order: &Order) -> Result<Value, Error> {
    let bucket = Bucket::open(&order.bucket);
    let key = &order.name;
    Ok(match order.action {
        Action::StateGet => entry(bucket.get(key)?),
        Action::StateSet => bucket.set(key, &order.text)?.into(),
        Action::StateDelete => bucket.delete(key)?.into(),
        Action::StateIncrement => bucket
            .increment(key, i64::try_from(order.n).map_err(Error::invalid_input)?)?
            .into(),
        Action::StateSwap => match bucket.compare_and_swap(key, order.version, &order.text)? {
            Swap::Swapped => "swapped".into(),
            Swap::Conflict(current) => entry(current),
        },
        Action::StateKeys => {
            let keys: Vec<String> = bucket.keys().collect::<Result<_, _>>()?;
            Value::of(&keys)?
        }
        _ => {
            bucket.set(key, &order.text)?;
            return Err(Error::failed("It was asked to fail after a write."));
        }
    })
}

fn entry(entry: Option<Entry>) -> Value {
    match entry {
        None => Value::Null,
        Some(Entry { value, version }) => object([
            ("value", String::from_utf8_lossy(&value).into_owned().into()),
            ("version", version.into()),
        ]),
    }
}

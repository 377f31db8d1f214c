//! Forms with nested names, `a[b]=1&list[]=2`, as Express reads them
//! ("extended").

use indexmap::IndexMap;
use std::collections::BTreeMap;
use weft_model::{Object, Value};

/// Most fields of a form.
const MAX_FIELDS: usize = 1_000;

/// Most brackets of a name that are taken apart; the rest stays as it is.
const MAX_DEPTH: usize = 5;

/// Highest index that makes a list; above, the number is a name.
const MAX_INDEX: usize = 20;

/// A form with too many fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the form has over {MAX_FIELDS} fields")]
pub(crate) struct TooManyFields;

/// Read a form (WHATWG URL §5.1) with nested names.
pub(crate) fn parse(text: &[u8]) -> Result<Value, TooManyFields> {
    let mut root = Tree::Map(IndexMap::new());
    for (count, (name, value)) in form_urlencoded::parse(text).enumerate() {
        if count == MAX_FIELDS {
            return Err(TooManyFields);
        }
        root.put(&steps(&name), value.into_owned());
    }
    Ok(root.into_value())
}

enum Step {
    Name(String),
    Index(usize),
    Push,
}

enum Tree {
    Leaf(String),
    List(BTreeMap<usize, Tree>),
    Map(IndexMap<String, Tree>),
}

/// `a[b][]` as `a`, `b`, push. What is no well-formed name stays whole.
fn steps(name: &str) -> Vec<Step> {
    let root = match name.find('[') {
        Some(at) if at > 0 => at,
        _ => return vec![Step::Name(name.to_owned())],
    };
    let mut steps = vec![Step::Name(name[..root].to_owned())];
    let mut rest = &name[root..];
    while let Some((inside, after)) = bracket(rest) {
        if steps.len() > MAX_DEPTH {
            break;
        }
        let digits = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_digit());
        steps.push(match inside.parse() {
            _ if inside.is_empty() => Step::Push,
            Ok(index) if digits && index <= MAX_INDEX => Step::Index(index),
            _ => Step::Name(inside.to_owned()),
        });
        rest = after;
    }
    if !rest.is_empty() {
        steps.push(Step::Name(rest.to_owned()));
    }
    steps
}

fn bracket(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[')?.split_once(']')
}

impl Tree {
    fn empty_for(step: Option<&Step>) -> Tree {
        match step {
            Some(Step::Name(_)) => Tree::Map(IndexMap::new()),
            Some(Step::Index(_) | Step::Push) | None => Tree::List(BTreeMap::new()),
        }
    }

    fn put(&mut self, steps: &[Step], value: String) {
        let Some((step, rest)) = steps.split_first() else {
            return self.add(Tree::Leaf(value));
        };
        self.make_room_for(step);
        let child = match self {
            Tree::Map(fields) => {
                let name = match step {
                    Step::Name(name) => name.clone(),
                    Step::Index(index) => index.to_string(),
                    Step::Push => fields.len().to_string(),
                };
                match fields.get_mut(&name) {
                    Some(child) => child,
                    None => {
                        let child = Tree::new(rest, value);
                        fields.insert(name, child);
                        return;
                    }
                }
            }
            Tree::List(items) => {
                let index = match step {
                    Step::Index(index) => *index,
                    _ => next_index(items),
                };
                match items.get_mut(&index) {
                    Some(child) => child,
                    None => {
                        items.insert(index, Tree::new(rest, value));
                        return;
                    }
                }
            }
            Tree::Leaf(_) => return,
        };
        child.put(rest, value);
    }

    fn new(steps: &[Step], value: String) -> Tree {
        if steps.is_empty() {
            return Tree::Leaf(value);
        }
        let mut tree = Tree::empty_for(steps.first());
        tree.put(steps, value);
        tree
    }

    /// A name that comes again makes a list.
    fn add(&mut self, value: Tree) {
        match self {
            Tree::List(items) => {
                items.insert(next_index(items), value);
            }
            Tree::Map(fields) => {
                if let Tree::Leaf(name) = value {
                    fields.insert(name, Tree::Leaf("true".into()));
                }
            }
            Tree::Leaf(first) => {
                let first = Tree::Leaf(std::mem::take(first));
                *self = Tree::List(BTreeMap::from([(0, first), (1, value)]));
            }
        }
    }

    /// Turn into what can take a step: a leaf into a list, a list that gets a
    /// name into a map.
    fn make_room_for(&mut self, step: &Step) {
        if let Tree::Leaf(first) = self {
            let first = Tree::Leaf(std::mem::take(first));
            *self = Tree::List(BTreeMap::from([(0, first)]));
        }
        if let (Tree::List(items), Step::Name(_)) = (&mut *self, step) {
            let items = std::mem::take(items).into_iter();
            *self = Tree::Map(
                items
                    .map(|(index, item)| (index.to_string(), item))
                    .collect(),
            );
        }
    }

    fn into_value(self) -> Value {
        match self {
            Tree::Leaf(text) => Value::String(text),
            Tree::List(items) => Value::Array(items.into_values().map(Tree::into_value).collect()),
            Tree::Map(fields) => {
                let fields = fields.into_iter().map(|(k, v)| (k, v.into_value()));
                Value::Object(fields.collect::<Object>())
            }
        }
    }
}

fn next_index(items: &BTreeMap<usize, Tree>) -> usize {
    items.last_key_value().map_or(0, |(last, _)| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_names_make_lists_and_objects() {
        for (form, json) in [
            ("a=1&b=x+y%21", r#"{"a":"1","b":"x y!"}"#),
            ("a=1&a=2&a=3", r#"{"a":["1","2","3"]}"#),
            ("a[]=1&a[]=2", r#"{"a":["1","2"]}"#),
            ("a[1]=y&a[0]=x", r#"{"a":["x","y"]}"#),
            ("a[99]=x", r#"{"a":{"99":"x"}}"#),
            (
                "p[name]=Ada&p[tags][]=x&p[tags][]=y",
                r#"{"p":{"name":"Ada","tags":["x","y"]}}"#,
            ),
            ("l[0][n]=1&l[1][n]=2", r#"{"l":[{"n":"1"},{"n":"2"}]}"#),
            ("a[]=1&a[b]=2", r#"{"a":{"0":"1","b":"2"}}"#),
            ("a=1&a[b]=2", r#"{"a":{"0":"1","b":"2"}}"#),
            ("a[b]=1&a=2", r#"{"a":{"b":"1","2":"true"}}"#),
            (
                "[x]=1&a[=2&a]b=3&=4",
                r#"{"[x]":"1","a":{"[":"2"},"a]b":"3","":"4"}"#,
            ),
            (
                "a[b][c][d][e][f][g]=1",
                r#"{"a":{"b":{"c":{"d":{"e":{"f":{"[g]":"1"}}}}}}}"#,
            ),
            ("", "{}"),
        ] {
            let value = parse(form.as_bytes()).unwrap();
            assert_eq!(value.to_plain_json().to_string(), json, "{form}");
        }
    }

    #[test]
    fn fields_are_bounded() {
        assert_eq!(parse("a=1&".repeat(1_001).as_bytes()), Err(TooManyFields));
        assert!(parse("a=1&".repeat(1_000).as_bytes()).is_ok());
    }
}

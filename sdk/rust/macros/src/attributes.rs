//! The arguments of `#[weft::function(...)]`.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Path, Result, Token, parenthesized};

/// What the author wrote between the parentheses.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) name: Option<LitStr>,
    pub(crate) icon: Option<LitStr>,
    pub(crate) color: Option<LitStr>,
    pub(crate) category: Option<LitStr>,
    pub(crate) input: Option<LitStr>,
    pub(crate) outputs: Option<Vec<Port>>,
    pub(crate) env: Option<Vec<LitStr>>,
    pub(crate) secrets: Option<Vec<LitStr>>,
    pub(crate) buckets: Option<Vec<LitStr>>,
    pub(crate) http: Option<Vec<LitStr>>,
    pub(crate) on_start: Option<Path>,
    pub(crate) on_stop: Option<Path>,
}

/// An output port: `"label"` or `"label" = "documentation"`.
pub(crate) struct Port {
    pub(crate) label: LitStr,
    pub(crate) documentation: Option<LitStr>,
}

impl Parse for Attributes {
    fn parse(input: ParseStream<'_>) -> Result<Attributes> {
        let mut attributes = Attributes::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let fresh = match key.to_string().as_str() {
                "name" => set(&mut attributes.name, value(input)?),
                "icon" => set(&mut attributes.icon, value(input)?),
                "color" => set(&mut attributes.color, value(input)?),
                "category" => set(&mut attributes.category, value(input)?),
                "input" => set(&mut attributes.input, value(input)?),
                "on_start" => set(&mut attributes.on_start, value(input)?),
                "on_stop" => set(&mut attributes.on_stop, value(input)?),
                "outputs" => set(&mut attributes.outputs, list(input)?),
                "env" => set(&mut attributes.env, list(input)?),
                "secrets" => set(&mut attributes.secrets, list(input)?),
                "buckets" => set(&mut attributes.buckets, list(input)?),
                "http" => set(&mut attributes.http, list(input)?),
                _ => {
                    return Err(Error::new(
                        key.span(),
                        format!(
                            "unknown argument `{key}`; known are name, icon, color, category, \
                             input, outputs, env, secrets, buckets, http, on_start, on_stop"
                        ),
                    ));
                }
            };
            if !fresh {
                return Err(Error::new(key.span(), format!("`{key}` is given twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(attributes)
    }
}

impl Parse for Port {
    fn parse(input: ParseStream<'_>) -> Result<Port> {
        Ok(Port {
            label: input.parse()?,
            documentation: match input.peek(Token![=]) {
                true => Some(value(input)?),
                false => None,
            },
        })
    }
}

/// Whether `slot` was empty before.
fn set<T>(slot: &mut Option<T>, content: T) -> bool {
    slot.replace(content).is_none()
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn list<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    Ok(items.into_iter().collect())
}

//! The code that stands in the place of an attributed function.

use crate::attributes::{Attributes, Port};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Error, Expr, ExprLit, ItemFn, Lit, LitStr, Meta, Result};

/// The function itself, the one that makes a `weft::Function` of it, and for
/// WebAssembly the component's exports.
pub(crate) fn expand(attributes: &Attributes, item: &ItemFn) -> Result<TokenStream> {
    let signature = &item.sig;
    if !matches!(signature.inputs.len(), 1 | 2) {
        return Err(Error::new_spanned(
            signature,
            "a Weft function takes the message, and optionally the node's config",
        ));
    }
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new_spanned(
            asyncness,
            "a Weft function is not async",
        ));
    }
    let (name, visibility) = (&signature.ident, &item.vis);
    let maker = format_ident!("{name}_function");
    let about = format!("The Weft function made from [`{name}`].");
    let manifest = manifest(attributes, item);
    let events = [
        (format_ident!("on_start"), &attributes.on_start),
        (format_ident!("on_stop"), &attributes.on_stop),
    ]
    .into_iter()
    .filter_map(|(event, path)| path.as_ref().map(|path| quote!(.#event(#path))));

    Ok(quote! {
        #item

        #[doc = #about]
        #[must_use]
        #[allow(dead_code, unreachable_pub)]
        #visibility fn #maker() -> ::weft::Function {
            const MANIFEST: ::weft::Manifest = #manifest;
            ::weft::Function::new(MANIFEST, #name) #(#events)*
        }

        #[cfg(target_arch = "wasm32")]
        ::weft::__export!(#maker);
    })
}

fn manifest(attributes: &Attributes, item: &ItemFn) -> TokenStream {
    let name = attributes.name.clone().unwrap_or_else(|| {
        let name = &item.sig.ident;
        LitStr::new(&name.to_string().replace('_', "-"), name.span())
    });
    let documentation = documentation(&item.attrs);
    let icon = optional(attributes.icon.as_ref());
    let color = optional(attributes.color.as_ref());
    let category = optional(attributes.category.as_ref());
    let input = match &attributes.input {
        Some(label) => quote!(#label),
        None => quote!("input"),
    };
    let outputs = match &attributes.outputs {
        Some(ports) => ports.iter().map(port).collect(),
        None => vec![quote!(::weft::Port {
            label: "output",
            documentation: ""
        })],
    };
    let env = names(attributes.env.as_ref());
    let secrets = names(attributes.secrets.as_ref());
    let buckets = names(attributes.buckets.as_ref());
    let http = names(attributes.http.as_ref());
    quote! {
        ::weft::Manifest {
            name: #name,
            documentation: #documentation,
            icon: #icon,
            color: #color,
            category: #category,
            input: #input,
            outputs: &[#(#outputs),*],
            requests: ::weft::Requests {
                env: #env,
                secrets: #secrets,
                buckets: #buckets,
                http: #http,
            },
        }
    }
}

fn optional(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

fn names(names: Option<&Vec<LitStr>>) -> TokenStream {
    let names = names.into_iter().flatten();
    quote!(&[#(#names),*])
}

fn port(port: &Port) -> TokenStream {
    let label = &port.label;
    let documentation = match &port.documentation {
        Some(text) => quote!(#text),
        None => quote!(""),
    };
    quote!(::weft::Port { label: #label, documentation: #documentation })
}

/// The text of the documentation comments, without the blank that follows `///`.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) if pair.path.is_ident("doc") => Some(text.value()),
            _ => None,
        }
    });
    let lines: Vec<String> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned())
        .collect();
    lines.join("\n").trim().to_owned()
}

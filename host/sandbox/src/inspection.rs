//! What an upload is, told from its structure alone. Nothing is compiled or run;
//! whether the code itself is valid shows when it is compiled.

use crate::guest_log::presentable;
use crate::imports::KNOWN;
use crate::rejection::{Rejection, RejectionCode};
use serde::{Deserialize, Serialize};
use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

/// Most imports and exports, and most modules and components inside.
const MOST_NAMES: usize = 1_000;
const MOST_PARTS: usize = 1_000;
const MOST_NAME_BYTES: usize = 256;

/// What a component exports for the host to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionKind {
    /// The world `weft:function/function`.
    Function,
    /// `wasi:http/incoming-handler`.
    HttpHandler,
}

/// What a component is, by its structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// How it is called.
    pub kind: FunctionKind,
    /// The names of its imports, in order.
    pub imports: Vec<String>,
    /// The names of its exports, in order.
    pub exports: Vec<String>,
}

/// Look at an upload.
///
/// # Errors
/// It is not a component that this host can run; the rejection says why.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, Rejection> {
    refuse_other_formats(wasm)?;
    let outline = Outline::read(wasm)?;
    let kind = outline.kind()?;
    let unknown = outline.unknown_imports();
    if !unknown.is_empty() {
        return Err(Rejection::new(
            RejectionCode::UnknownImport,
            format!(
                "the component imports what this host does not have: {}",
                unknown.join(", ")
            ),
            "import only weft:function 0.1 and WASI 0.2 (io, clocks, random, cli, filesystem, sockets, http)",
        ));
    }
    let exports = outline.exports.into_iter().map(|(name, _)| name).collect();
    Ok(Inspection {
        kind,
        imports: outline.imports,
        exports,
    })
}

/// The names at the outermost level.
#[derive(Default)]
struct Outline {
    imports: Vec<String>,
    exports: Vec<(String, ComponentExternalKind)>,
}

impl Outline {
    fn read(wasm: &[u8]) -> Result<Self, Rejection> {
        let mut outline = Outline::default();
        let (mut depth, mut parts) = (0_usize, 0_usize);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(broken)? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding == Encoding::Module {
                        return Err(core_module());
                    }
                    depth += 1;
                    parts += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        let import = import.map_err(broken)?;
                        // A type that the world uses by name asks for nothing.
                        if import.ty.kind() != ComponentExternalKind::Type {
                            outline.imports.push(name(import.name.name));
                        }
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        let export = export.map_err(broken)?;
                        outline.exports.push((name(export.name.name), export.kind));
                    }
                }
                _ => {}
            }
            let names = outline.imports.len().max(outline.exports.len());
            if names > MOST_NAMES || parts > MOST_PARTS {
                return Err(too_complex());
            }
        }
        Ok(outline)
    }

    fn kind(&self) -> Result<FunctionKind, Rejection> {
        let exports = |name: &str, kind| self.exports.iter().any(|(n, k)| n == name && *k == kind);
        let function = ComponentExternalKind::Func;
        if exports("describe", function) && exports("handle", function) {
            return Ok(FunctionKind::Function);
        }
        let is_handler = |name: &str| name.starts_with("wasi:http/incoming-handler@0.2.");
        if self.exports.iter().any(|(name, _)| is_handler(name)) {
            return Ok(FunctionKind::HttpHandler);
        }
        let names: Vec<&str> = self.exports.iter().map(|(name, _)| name.as_str()).collect();
        let names = match names.as_slice() {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        Err(Rejection::new(
            RejectionCode::WrongWorld,
            format!("the component is for another world: it exports {names}"),
            "export `describe` and `handle` of the world weft:function/function (in Rust: #[weft::function]), \
             or wasi:http/incoming-handler 0.2",
        ))
    }

    fn unknown_imports(&self) -> Vec<&str> {
        let unknown = |name: &&str| !is_known(name);
        self.imports
            .iter()
            .map(String::as_str)
            .filter(unknown)
            .collect()
    }
}

/// `package/interface@version`, of which the host has the interface in a version
/// that fits.
fn is_known(import: &str) -> bool {
    let parts = import
        .split_once('@')
        .and_then(|(path, version)| Some((path.split_once('/')?, version)));
    parts.is_some_and(|((package, interface), version)| {
        KNOWN.iter().any(|(known, track, interfaces)| {
            *known == package && version.starts_with(track) && interfaces.contains(&interface)
        })
    })
}

fn name(name: &str) -> String {
    presentable(name.to_owned(), MOST_NAME_BYTES)
}

fn refuse_other_formats(bytes: &[u8]) -> Result<(), Rejection> {
    const UPLOAD: &str = "upload the .wasm file of a component";
    let what = match bytes {
        [b'\0', b'a', b's', b'm', ..] => return Ok(()),
        [] => "the upload is empty",
        [0x7f, b'E', b'L', b'F', ..] => "the upload is machine code, which this host never takes",
        _ => "the upload is not WebAssembly: it does not begin with \\0asm",
    };
    Err(Rejection::new(RejectionCode::NotWasm, what, UPLOAD))
}

fn broken(error: wasmparser::BinaryReaderError) -> Rejection {
    let (text, offset) = (error.message(), error.offset());
    Rejection::new(
        RejectionCode::InvalidComponent,
        format!("the component is damaged or cut off: {text} (at byte {offset})"),
        "build it again, and upload the whole file",
    )
}

fn core_module() -> Rejection {
    Rejection::new(
        RejectionCode::CoreModule,
        "the upload is a core module, not a component",
        "build it for the target wasm32-wasip2, or wrap it: wasm-tools component new module.wasm -o component.wasm",
    )
}

fn too_complex() -> Rejection {
    Rejection::new(
        RejectionCode::TooComplex,
        format!(
            "the component has over {MOST_NAMES} imports or exports, or over {MOST_PARTS} parts inside"
        ),
        "leave out what the function does not need",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_known_by_interface_and_version_track() {
        for known in [
            "weft:function/state@0.1.0",
            "weft:function/types@0.1.7",
            "wasi:io/streams@0.2.6",
            "wasi:http/outgoing-handler@0.2.0",
        ] {
            assert!(is_known(known), "{known}");
        }
        for unknown in [
            "weft:function/state@0.2.0",
            "weft:function/stat@0.1.0",
            "wasi:io/streams@0.3.0",
            "wasi:http/types",
            "env",
            "wasi:keyvalue/store@0.2.0",
        ] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }
}

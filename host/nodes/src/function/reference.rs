//! What component a node asks for, told from its type and config.

use super::COMPONENT_PREFIX;
use crate::components::VersionWanted;
use crate::config_schema::ConfigSchema;
use crate::node_type::invalid_config;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use weft_model::id::ComponentName;
use weft_model::problem::Problem;

/// The config of a `function` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The name of the component.
    component: String,
    /// A version such as `1.2.3`, or `latest`.
    #[serde(default = "latest")]
    version: String,
    /// The component's own config.
    #[serde(default)]
    config: Map<String, Json>,
}

fn latest() -> String {
    "latest".into()
}

/// The schema of a `function` node's config.
pub(super) fn schema() -> ConfigSchema {
    ConfigSchema::of::<Config>()
}

/// What a node asks for.
pub(crate) struct Reference {
    /// The component's name.
    pub(crate) name: String,
    /// The version.
    pub(crate) version: VersionWanted,
    /// The component's own config.
    pub(crate) config: Map<String, Json>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Where a node says what component it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the config, as `function` nodes do.
    Config,
    /// In the type: `component:…`.
    Type,
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Place::Config => "/config/component",
            Place::Type => "/type",
        }
    }

    pub(crate) fn version(self) -> &'static str {
        match self {
            Place::Config => "/config/version",
            Place::Type => "/type",
        }
    }

    pub(crate) fn config(self) -> &'static str {
        match self {
            Place::Config => "/config/config",
            Place::Type => "/config",
        }
    }
}

impl Reference {
    /// What a node of this type with this config asks for.
    ///
    /// # Errors
    /// It can't be told.
    pub(crate) fn new(
        node_type: &str,
        config: &Map<String, Json>,
    ) -> Result<Reference, Vec<Problem>> {
        let (name, version, config, place) = match node_type.strip_prefix(COMPONENT_PREFIX) {
            Some(rest) => {
                let (name, version) = rest.split_once('@').unwrap_or((rest, "latest"));
                (
                    name.to_owned(),
                    version.to_owned(),
                    config.clone(),
                    Place::Type,
                )
            }
            None => {
                let own: Config = schema().read(config)?;
                (own.component, own.version, own.config, Place::Config)
            }
        };
        let mut problems = Vec::new();
        if let Err(error) = name.parse::<ComponentName>() {
            let hint = "name an uploaded component, such as \"word-count\"";
            problems.push(invalid_config(place.name(), error.to_string(), hint));
        }
        let version = version.parse::<VersionWanted>().map_err(|error| {
            let message = format!("{version:?} is not a version: {error}");
            let hint = "write \"latest\", or a version such as \"1.2.3\"";
            problems.push(invalid_config(place.version(), message, hint));
        });
        match version {
            Ok(version) if problems.is_empty() => Ok(Reference {
                name,
                version,
                config,
                place,
            }),
            _ => Err(problems),
        }
    }
}

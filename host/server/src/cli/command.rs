//! The tree of commands.

use crate::cli::failure::Failure;
use crate::cli::{
    component, events, flow, inject, instance, invoke, node_types, openapi, output, run, serve,
    token, version,
};
use clap::CommandFactory as _;

/// A low-code host: flows of nodes that answer HTTP, with your own WebAssembly
/// functions in them.
#[derive(Debug, clap::Parser)]
#[command(
    name = "weft",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Weft {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Serve(serve::Serve),
    /// Components: upload, look at, delete.
    Component(component::Component),
    /// Flows: drafts, deploys, revisions.
    Flow(flow::Flow),
    Invoke(invoke::Invoke),
    /// Start a run from an inject node.
    Inject(inject::Inject),
    Events(events::Events),
    /// Recent runs.
    Run(run::Run),
    /// Instances: activate, look at, delete.
    Instance(instance::Instance),
    /// Tokens of the management API.
    Token(token::Token),
    /// The node types of an instance: built in and uploaded.
    NodeTypes(node_types::NodeTypes),
    /// Print the description of the management API (OpenAPI 3.1).
    Openapi,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the versions of this program and of what is built into it.
    Version,
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Command::Serve(command) => command.run(),
            Command::Component(command) => command.run(),
            Command::Flow(command) => command.run(),
            Command::Invoke(command) => command.run(),
            Command::Inject(command) => command.run(),
            Command::Events(command) => command.run(),
            Command::Run(command) => command.run(),
            Command::Instance(command) => command.run(),
            Command::Token(command) => command.run(),
            Command::NodeTypes(command) => command.run(),
            Command::Openapi => openapi::run(),
            Command::Completions { shell } => completions(shell),
            Command::Version => version::run(),
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Weft::command(), "weft", &mut script);
    output::bytes(&script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use clap_complete::Shell;

    #[test]
    fn the_command_line_is_consistent() {
        Weft::command().debug_assert();
    }

    #[test]
    fn completions_know_the_commands_in_every_shell() {
        for shell in [
            Shell::Bash,
            Shell::Zsh,
            Shell::Fish,
            Shell::PowerShell,
            Shell::Elvish,
        ] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Weft::command(), "weft", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["component", "rollback", "header-timeout"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            assert!(!script.contains("hunter2"));
        }
    }

    #[test]
    fn the_help_of_serve_shows_defaults_and_ranges() {
        let mut weft = Weft::command();
        let serve = weft.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string();
        let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("in the settings file"), "{help}");
        assert!(
            help.contains("[default: 10s] [100ms to 10min] [env: WEFT_HEADER_TIMEOUT]"),
            "{help}"
        );
        for setting in crate::settings::TABLE {
            assert!(
                help.contains(&format!("--{} <{}>", setting.flag(), setting.value_name)),
                "{help}"
            );
        }
    }

    #[test]
    fn connection_flags_may_stand_after_the_last_word() {
        let words = "weft flow rollback hello 3 -i shop --token secret --admin-url http://h --json";
        assert!(Weft::try_parse_from(words.split(' ')).is_ok());
    }

    #[test]
    fn a_token_is_never_part_of_the_help() {
        let help = Weft::command().render_long_help().to_string();
        assert!(!help.contains("WEFT_TOKEN="));
    }

    #[test]
    fn the_documentation_lists_every_command() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
        let documented = std::fs::read_to_string(path).unwrap();
        let mut commands = Vec::new();
        collect(&Weft::command(), "", &mut commands);
        assert!(commands.len() > 25, "{commands:?}");
        for command in commands {
            assert!(
                documented.contains(&format!("| `{command}")),
                "docs/cli.md lacks {command}"
            );
        }
    }

    /// The commands that have none below them, with all their words.
    fn collect(command: &clap::Command, before: &str, found: &mut Vec<String>) {
        let name = format!("{before}{}", command.get_name());
        if command.has_subcommands() {
            let below = command.get_subcommands();
            below.for_each(|command| collect(command, &format!("{name} "), found));
        } else {
            found.push(name);
        }
    }
}

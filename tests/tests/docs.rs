//! The documents say what the code does: every code has a section, and the
//! README's commands work as they stand.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use weft_model::fault::FaultCode;
use weft_model::problem::ProblemCode;
use weft_tests::{Server, artifact};

fn sections() -> BTreeSet<String> {
    let text = artifact::document("docs/problems.md");
    text.lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(str::to_owned)
        .collect()
}

/// The codes that the server's own list declares: `Name = "code";`.
fn codes_of_the_server() -> Vec<String> {
    let source = artifact::document("host/server/src/problem/code.rs");
    let code = |line: &str| {
        line.split_once(" = \"")?
            .1
            .strip_suffix("\";")
            .map(str::to_owned)
    };
    source
        .lines()
        .filter_map(|line| code(line.trim()))
        .collect()
}

#[test]
fn every_code_has_a_section() {
    let sections = sections();
    let server = codes_of_the_server();
    assert!(server.len() > 20, "{server:?}");
    let faults = FaultCode::ALL.iter().map(|code| code.as_str().to_owned());
    let problems = ProblemCode::ALL.iter().map(|code| code.as_str().to_owned());
    let missing: Vec<_> = faults
        .chain(problems)
        .chain(server)
        .filter(|code| !sections.contains(code))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/problems.md has no section for {missing:?}"
    );
}

#[test]
fn no_section_stands_for_a_code_that_does_not_exist() {
    let faults = FaultCode::ALL.iter().map(|code| code.as_str());
    let problems = ProblemCode::ALL.iter().map(|code| code.as_str());
    let known: BTreeSet<String> = faults
        .chain(problems)
        .map(str::to_owned)
        .chain(codes_of_the_server())
        .collect();
    // Rejections of uploads are declared where components are inspected.
    let inspected = [
        artifact_text("host/sandbox/src"),
        artifact_text("host/builder/src"),
    ]
    .concat();
    let unknown: Vec<_> = sections()
        .into_iter()
        .filter(|code| !known.contains(code) && !inspected.contains(&format!("\"{code}\"")))
        .collect();
    assert!(
        unknown.is_empty(),
        "docs/problems.md explains {unknown:?}, which nothing reports"
    );
}

/// All Rust sources of a folder.
fn artifact_text(folder: &str) -> String {
    let mut text = String::new();
    let mut open = vec![artifact::repository().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if entry.is_dir() {
                open.push(entry);
            } else {
                text += &std::fs::read_to_string(entry).unwrap();
            }
        }
    }
    text
}

/// The `sh` blocks of the README, those that build the project aside.
fn readme_commands() -> Vec<String> {
    let readme = artifact::document("README.md");
    let blocks = readme
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks
        .filter(|block| !block.contains("cargo xtask"))
        .collect()
}

/// Run commands where `data` is the server's and `target` the build's; only the
/// addresses are changed.
fn shell(server: &Server, script: &str) -> String {
    let home = server.data().parent().unwrap().to_owned();
    let script = script
        .replace("127.0.0.1:8080", &server.listen.to_string())
        .replace("127.0.0.1:8081", &server.admin.to_string());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(&home)
        .output()
        .expect("bash is there");
    let (said, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{script}\n{said}\n{failed}\n{}",
        server.log()
    );
    said.into_owned()
}

fn link_target(home: &Path) {
    let binary = artifact::binary();
    let target = binary.parent().and_then(Path::parent).unwrap();
    symlink(target, home.join("target")).unwrap();
}

#[test]
fn the_commands_of_the_readme_work_as_they_stand() {
    let server = Server::start();
    let home = server.data().parent().unwrap().to_owned();
    link_target(&home);
    let commands = readme_commands();
    assert!(commands.len() >= 2, "{commands:?}");
    let (mut greeted, mut counted) = (false, false);
    for block in &commands {
        if block.contains("flow.json") {
            let draft = server
                .api()
                .get("/instances/default/flows/count")
                .expect(200)
                .json();
            std::fs::write(home.join("flow.json"), draft.to_string()).unwrap();
            std::fs::write(home.join("text.txt"), "a b b").unwrap();
        }
        let said = shell(&server, block);
        greeted |= said.contains("Hello, Ada!");
        counted |= said.contains(r#"{"total":8"#);
    }
    assert!(greeted && counted);
    let answer = server
        .call(&weft_tests::Request::new("POST", "/default/count").text("the cat and the hat"));
    assert_eq!(
        answer.expect(200).json()["top"][0],
        json!({ "word": "the", "count": 2 })
    );

    // "Kill the process, start it again: the flow answers as before."
    let server = server.kill().start();
    let answer = server
        .call(&weft_tests::Request::new("POST", "/default/count").text("the cat and the hat"));
    assert_eq!(answer.expect(200).json()["total"], 5);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents = vec![artifact::repository().join("README.md")];
    let docs = std::fs::read_dir(artifact::repository().join("docs")).unwrap();
    documents.extend(
        docs.map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    for document in documents {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', ' ']).next())
        {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(
                document.parent().unwrap().join(file).exists(),
                "{} links to {link}",
                document.display()
            );
        }
    }
}

#[test]
fn every_example_of_a_flow_in_the_documents_is_valid() {
    let server = Server::start();
    for guest in ["counter", "limits", "verify-signature", "word-count"] {
        server.upload("default", guest);
    }
    let mut checked = 0;
    let docs = std::fs::read_dir(artifact::repository().join("docs")).unwrap();
    for path in docs
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = text
            .split("```json\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap());
        for block in blocks {
            let json: Json = serde_json::from_str(block)
                .unwrap_or_else(|error| panic!("{}: {error}\n{block}", path.display()));
            if json["nodes"].is_array() && json["wires"].is_array() {
                let id = json["id"].as_str().unwrap_or("example").to_owned();
                let answer = server
                    .api()
                    .post(&format!("/instances/default/flows/{id}/validate"), &json)
                    .expect(200)
                    .json();
                assert_eq!(answer["valid"], true, "{}: {answer:#}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "docs show no flow");
}

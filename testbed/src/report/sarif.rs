//! The findings of a run as SARIF 2.1.0, which code hosts show at the cited lines: a rule for each requirement, a result for each verdict
//! that is not as expected.

use serde_json::{Value, json};

use super::{
    data::Data,
    links::{Place, Requirement},
};

/// The rule of findings that no requirement is named for.
const OTHER: &str = "handfast";
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log of one run. Without findings it has no results, which closes those that a host shows.
pub(super) fn log(data: &Data) -> Value {
    let mut rules: Vec<Value> = data.requirements.iter().map(rule).collect();
    rules.push(json!({
        "id": OTHER,
        "shortDescription": { "text": "A finding that stands for no single requirement" },
        "defaultConfiguration": { "level": "error" },
    }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "handfast",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://jami.net",
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results(data),
        }],
    })
}

fn rule(requirement: &Requirement) -> Value {
    json!({
        "id": requirement.id,
        "shortDescription": { "text": format!("{} {}", requirement.id, requirement.heading) },
        "fullDescription": { "text": requirement.text },
        "defaultConfiguration": { "level": "error" },
    })
}

/// A verdict or a mutant that is not as expected.
struct Finding<'a> {
    level: &'static str,
    property: &'a str,
    text: String,
    fingerprint: String,
}

fn results(data: &Data) -> Vec<Value> {
    let rows = data.configurations.iter().flat_map(|one| one.rows.iter().map(move |row| (&one.id, row)));
    let verdicts = rows.filter(|(_, row)| !row.as_expected).map(|(id, row)| Finding {
        level: if row.verdict.starts_with("VIOLATED") { "error" } else { "warning" },
        property: row.property,
        text: format!("{} in {id}: {}", row.name, row.verdict),
        fingerprint: format!("{id}/{}", row.name),
    });
    let alive = data.mutants.iter().filter(|mutant| !mutant.killed).map(|mutant| Finding {
        level: "warning",
        property: mutant.property,
        text: format!("{} is not found ({}): {}", mutant.id, mutant.broken, mutant.verdict),
        fingerprint: mutant.id.to_owned(),
    });
    let others = data.others.iter().map(|other| Finding {
        level: "error",
        property: "",
        text: format!("{}: {}", other.part, other.text),
        fingerprint: format!("{}/{}", other.part, other.text.lines().next().unwrap_or_default()),
    });
    verdicts.chain(alive).chain(others).map(|finding| result(data, &finding)).collect()
}

fn result(data: &Data, finding: &Finding<'_>) -> Value {
    let property = data.properties.iter().find(|property| property.id == finding.property);
    let ids: Vec<&str> = property.iter().flat_map(|property| &property.requirements).map(String::as_str).collect();
    let cited: Vec<&Requirement> = data.requirements.iter().filter(|one| ids.contains(&one.id)).collect();
    let rule = cited.first().map_or(OTHER, |one| one.id);
    let statement = property.map_or("", |property| property.text);
    let mut places: Vec<&Place> = Vec::new();
    for place in cited.iter().filter_map(|one| place(one)) {
        // A line that cites two requirements is one place: a host refuses a place that comes twice.
        if !places.iter().any(|known| (&known.path, known.line) == (&place.path, place.line)) {
            places.push(place);
        }
    }
    let places: Vec<Value> = places.into_iter().map(location).collect();
    json!({
        "ruleId": rule,
        "level": finding.level,
        "message": { "text": format!("{}. {statement} ({})", finding.text, ids.join(", ")) },
        "locations": places.first().into_iter().collect::<Vec<_>>(),
        "relatedLocations": places.get(1..).unwrap_or_default(),
        "partialFingerprints": { "verdict/v1": finding.fingerprint },
    })
}

/// The line of the state machines that cites a requirement, or else the first that does, or its definition.
fn place(requirement: &Requirement) -> Option<&Place> {
    let machines = ["src/import.rs", "src/export.rs", "src/client", "src/operations.rs", "src/connection"];
    let of_machine = |place: &&Place| machines.iter().any(|path| place.path.starts_with(path));
    let own = || requirement.code.iter().filter(|place| place.path.starts_with("src/"));
    own().find(of_machine).or_else(|| own().next()).or(Some(&requirement.defined))
}

fn location(place: &Place) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": place.path, "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": place.line },
        },
    })
}

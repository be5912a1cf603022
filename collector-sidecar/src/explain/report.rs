//! What every stage of a run came to, as a person reads it.

use semantic_router_filter::classify::Budget;
use semantic_router_filter::config::{
    ConditionKind, Config, Decision, EndpointChoice, Operator, ReasoningControl, Rule, Term,
};
use semantic_router_filter::decision;
use semantic_router_filter::headers::HeaderEdit;
use semantic_router_filter::openai::ChatRequest;
use semantic_router_filter::pipeline::{Router, Run, Verdict};
use semantic_router_filter::route::{Reasoning, Selection};
use semantic_router_filter::signal::{Signal, Truth};
use semantic_router_filter::stage::{Outcome, Stage};

use super::table::Table;

/// The least probability of a category that is told.
const LEAST: f64 = 0.005;

/// A run, and what it was about.
pub struct Report<'a> {
    /// What decided.
    pub router: &'a Router,
    /// On what.
    pub request: &'a ChatRequest<'a>,
    /// How.
    pub run: &'a Run<'a>,
}

impl Report<'_> {
    /// The lines.
    pub fn lines(&self) -> Vec<String> {
        let mut table = Table::default();
        self.categories(table.part("categories"));
        self.signals(table.part("signals"));
        self.decisions(table.part("decisions"));
        self.guard(table.part("guard"));
        self.personal(table.part("personal data"));
        self.plugins(table.part("plugins"));
        self.model(table.part("model"));
        self.endpoint(table.part("endpoint"));
        self.verdict(table.part("verdict"));
        table.into_lines()
    }

    fn config(&self) -> &Config {
        &self.router.config
    }

    fn categories(&self, table: &mut Table) {
        let Some(found) = ran(table, Some(&self.run.classification)) else { return };
        let ranked = self.router.classifiers.categories(
            &self.request.prompt(),
            &Budget::unlimited(),
            |labels, probabilities, _| {
                let pairs = labels.iter().cloned().zip(probabilities.iter().copied());
                let mut ranked: Vec<(String, f64)> = pairs.collect();
                ranked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
                ranked
            },
        );
        let ranked = ranked.unwrap_or_else(|_| vec![(found.label.clone(), found.confidence)]);
        let told = ranked.iter().take_while(|(_, probability)| *probability >= LEAST).count();
        for (label, probability) in ranked.iter().take(told.max(1)) {
            table.row(label, &score(*probability), "");
        }
        if let left @ 1.. = ranked.len() - told.max(1) {
            table.row(&format!("{left} others"), "", &format!("below {}", score(LEAST)));
        }
    }

    fn signals(&self, table: &mut Table) {
        if let Some(Stage { outcome: Outcome::Failed(failure), .. }) = &self.run.evaluation {
            table.text(format!("not all are known: {}, {}", failure.reason, failure.message));
        }
        if self.run.signals.0.is_empty() {
            table.text("none");
        }
        for signal in &self.run.signals.0 {
            table.row(&signal.kind.label(&signal.name), word(signal.truth), &self.measured(signal));
        }
    }

    /// What was measured for a signal, and against what.
    fn measured(&self, signal: &Signal) -> String {
        let config = self.config();
        // That of a domain is told with the categories.
        let found = signal.score.filter(|_| signal.kind != ConditionKind::Domain);
        let Some(found) = found else { return String::new() };
        let named = |name: &str| name == signal.name;
        let least = match signal.kind {
            ConditionKind::Embedding => {
                let mut rules = config.embedding_rules.iter();
                rules.find(|rule| named(&rule.name)).map(|rule| rule.threshold)
            }
            ConditionKind::FactCheck if named(semantic_router_filter::signal::NEEDS_FACT_CHECK) => {
                Some(config.fact_check_threshold)
            }
            ConditionKind::FactCheck => Some(1.0 - config.fact_check_threshold),
            ConditionKind::Keyword | ConditionKind::Domain | ConditionKind::Unevaluated => None,
        };
        match least {
            Some(least) => format!("{} of {}", score(found), score(least)),
            None => score(found),
        }
    }

    fn decisions(&self, table: &mut Table) {
        let decisions = &self.config().decisions;
        if decisions.is_empty() {
            table.text("none");
        }
        for decision in decisions {
            let (truth, confidence) = decision::judge(&decision.rule, &self.run.signals);
            let of = format!("priority {}, confidence {}", decision.priority, score(confidence));
            let mark = if self.is_followed(decision) { "; followed" } else { "" };
            table.row(&decision.name, word(truth), &format!("{of}{mark}"));
            self.rule(table, &decision.rule, 1);
        }
    }

    fn rule(&self, table: &mut Table, rule: &Rule, depth: usize) {
        let operator = match rule.operator {
            Operator::And => "all of",
            Operator::Or => "one of",
            Operator::Not => "none of",
        };
        let indent = "  ".repeat(depth);
        let (truth, _) = decision::judge(rule, &self.run.signals);
        table.row(&format!("{indent}{operator}"), word(truth), "");
        for term in &rule.terms {
            match term {
                Term::Rule(rule) => self.rule(table, rule, depth + 1),
                Term::Condition(condition) => {
                    let told = self.run.signals.truth(condition);
                    let why = if told.is_none() { "nothing tells" } else { "" };
                    let label = format!("{indent}  {}", condition.label());
                    table.row(&label, told.map_or("false", word), why);
                }
            }
        }
    }

    /// Whether a decision is the one that is followed.
    fn is_followed(&self, decision: &Decision) -> bool {
        self.decision().is_some_and(|followed| std::ptr::eq(followed, decision))
    }

    fn decision(&self) -> Option<&Decision> {
        decision::decide(self.config(), &self.run.signals).decision()
    }

    fn guard(&self, table: &mut Table) {
        if self.config().prompt_guard.is_none() {
            return table.text("not configured");
        }
        if let Some(found) = ran(table, self.run.jailbreak.as_ref()) {
            let verdict = if found.detected { "attack" } else { "no attack" };
            let (confidence, least) = (score(found.confidence), score(found.threshold));
            table.row(verdict, &confidence, &format!("blocked from {least}"));
        }
    }

    fn personal(&self, table: &mut Table) {
        if self.decision().is_none_or(|decision| decision.pii.is_none()) {
            return table.text("not looked for: no pii plugin in force");
        }
        let Some(found) = ran(table, self.run.pii.as_ref()) else { return };
        let least = format!("counts from {}", score(found.threshold));
        if found.types.is_empty() {
            table.row("none", "", &least);
        }
        for name in &found.types {
            let verdict = if found.denied.contains(name) { "denied" } else { "allowed" };
            table.row(name, verdict, &format!("{}, {least}", score(self.highest(name))));
        }
    }

    /// The highest score of a type of personal data.
    fn highest(&self, name: &str) -> f64 {
        let scan = &self.config().filter.inference.pii.scan;
        let scores = self.request.texts_of(scan).into_iter().filter_map(|text| {
            let personal = self.router.classifiers.personal(&text, &Budget::unlimited()).ok()?;
            let entities = personal.entities.iter().filter(|entity| entity.kind.name() == name);
            entities.map(|entity| f64::from(entity.score)).reduce(f64::max)
        });
        scores.fold(0.0, f64::max)
    }

    fn plugins(&self, table: &mut Table) {
        let Some(decision) = self.decision() else { return table.text("none: no decision") };
        let plugins = plugins(decision);
        if plugins.is_empty() {
            table.text("none");
        }
        for (name, settings) in plugins {
            table.row(name, "", &settings);
        }
    }

    fn model(&self, table: &mut Table) {
        let Some(selection) = self.run.selection() else { return table.text("none is chosen") };
        table.text(format!("{} ({})", selection.model, selection.reason));
        if selection.base_model != selection.model {
            table.text(format!("an adapter of {}", selection.base_model));
        }
        table.part("reasoning").text(reasoning(selection));
    }

    fn endpoint(&self, table: &mut Table) {
        let Some(endpoint) = ran(table, self.run.backend.as_ref()) else { return };
        let by = match self.config().filter.endpoints.choice {
            EndpointChoice::HighestWeight => "",
            EndpointChoice::Weighted => ", or by weight another of the model's",
        };
        table.text(format!("{} at {}{by}", endpoint.name, endpoint.authority()));
    }

    fn verdict(&self, table: &mut Table) {
        match &self.run.verdict {
            _ if self.config().filter.mode.observes() => {
                table.text("goes on as it is: the mode is observe");
            }
            Verdict::Reply(reply) => {
                table.text(format!("answered with status {}: {}", reply.status, reply.details));
                for (name, value) in &reply.headers {
                    table.text(format!("{name}: {value}"));
                }
                table.text(reply.body.trim_end());
            }
            Verdict::Route { body, headers } => {
                table.text("goes on");
                for edit in headers {
                    table.text(change(edit));
                }
                table.text(body.as_deref().unwrap_or("the body as it is"));
            }
        }
    }
}

/// The result of a stage; a line says why there is none.
fn ran<'s, T>(table: &mut Table, stage: Option<&'s Stage<T>>) -> Option<&'s T> {
    match stage.map(|stage| &stage.outcome) {
        None => table.text("not reached"),
        Some(Outcome::Ran(found)) => return Some(found),
        Some(Outcome::Skipped(why)) => table.text(format!("skipped: {why}")),
        Some(outcome @ Outcome::Failed(failure)) => {
            let (name, reason) = (outcome.name(), failure.reason);
            table.text(format!("{name}: {reason}, {}", failure.message));
        }
    }
    None
}

/// The plugins of a decision, with their settings.
fn plugins(decision: &Decision) -> Vec<(&'static str, String)> {
    let on = |enabled: bool| if enabled { "on" } else { "off" };
    let from = |threshold: Option<f64>| {
        threshold.map(|least| format!(", threshold {}", score(least))).unwrap_or_default()
    };
    let prompt = decision.system_prompt.as_ref().map(|prompt| {
        let mode = format!("{:?}", prompt.mode).to_lowercase();
        ("system_prompt", format!("{mode}: {:?}", prompt.text))
    });
    let guard = decision
        .jailbreak
        .map(|policy| ("jailbreak", on(policy.enabled).to_owned() + &from(policy.threshold)));
    let pii = decision.pii.as_ref().map(|policy| {
        let allowed = if policy.allowed.is_empty() {
            "nothing".to_owned()
        } else {
            policy.allowed.join(", ")
        };
        ("pii", format!("on{}, allows {allowed}", from(policy.threshold)))
    });
    let cache = decision
        .cache
        .map(|policy| ("semantic-cache", on(policy.enabled).to_owned() + &from(policy.threshold)));
    let headers = decision.headers.as_ref().map(|mutation| {
        let count = |list: usize, what: &str| format!("{what} {list}");
        let counts = [
            count(mutation.add.len(), "adds"),
            count(mutation.update.len(), "sets"),
            count(mutation.delete.len(), "removes"),
        ];
        ("header_mutation", counts.join(", "))
    });
    [prompt, guard, pii, cache, headers].into_iter().flatten().collect()
}

fn reasoning(selection: &Selection<'_>) -> String {
    let Some(Reasoning { enabled, effort, family }) = &selection.reasoning else {
        return "as the client says".to_owned();
    };
    let on = if *enabled { format!("on, effort {effort}") } else { "off".to_owned() };
    let by = match family.map(|family| &family.control) {
        Some(ReasoningControl::TemplateArgument(name)) => format!("chat_template_kwargs.{name}"),
        Some(ReasoningControl::Effort) => "reasoning_effort".to_owned(),
        Some(ReasoningControl::Nothing) | None => {
            return format!("{on}; the request does not say so: the model has no family");
        }
    };
    format!("{on}, by {by}")
}

fn change(edit: &HeaderEdit) -> String {
    match edit {
        HeaderEdit::Set(name, value) => format!("{name}: {value}"),
        HeaderEdit::Add(name, value) => format!("{name}: {value} (beside what is there)"),
        HeaderEdit::Remove(name) => format!("{name} is removed"),
    }
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::Holds => "true",
        Truth::Fails => "false",
        Truth::Unknown => "unknown",
    }
}

fn score(value: f64) -> String {
    format!("{value:.3}")
}

//! How well the classifiers in the module do on text that they were not trained
//! on, by the native build of the same code: normaliser, windows, recognisers
//! and thresholds included.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use semantic_router_filter::cache::{DEFAULT_THRESHOLD, signs};
use semantic_router_filter::classify::pii::Kind;
use semantic_router_filter::classify::{Budget, Bundle, Classifiers, Limits, Sources, Wording};
use semantic_router_filter::config::Inference;
use support::corpus::{self, Group, Prompt, Tagged};

/// Measures the classifiers on the held-out lines, or on lines of yours.
#[derive(Parser)]
struct Options {
    /// Prompts: JSON lines with `text`, `label` and perhaps `group`.
    #[arg(long)]
    category: Option<PathBuf>,
    /// Attacks and harmless texts: `text`, `label` (jailbreak or benign) and
    /// perhaps `technique`.
    #[arg(long)]
    guard: Option<PathBuf>,
    /// Texts with personal data and without: `text` and `entities`, each with a
    /// `type`.
    #[arg(long)]
    pii: Option<PathBuf>,
    /// Groups of prompts: `q`, `same` and `different`.
    #[arg(long)]
    pairs: Option<PathBuf>,
    /// Print every text that was judged wrong.
    #[arg(long)]
    errors: bool,
}

/// How many confusions are shown.
const CONFUSIONS: usize = 12;
/// Types that only the model finds; all others have a pattern.
const NAMES: [Kind; 5] =
    [Kind::Person, Kind::Organization, Kind::Gpe, Kind::Nrp, Kind::StreetAddress];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The classifiers and whether to print mistakes.
struct Run {
    classifiers: Classifiers,
    errors: bool,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    let run = Run {
        classifiers: Classifiers::new(Limits::of(&Inference::default()), Sources::default()),
        errors: options.errors,
    };
    println!("The native build of the filter's own code with the embedded bundle, on lines that");
    println!(
        "nothing was trained on (models/corpus.py says which); 95 % intervals after Wilson.\n"
    );
    run.category(&options.category.map_or_else(corpus::categories, |path| corpus::rows(&path))?)?;
    run.guard(&options.guard.map_or_else(corpus::guarded, |path| corpus::rows(&path))?)?;
    run.pii(&options.pii.map_or_else(corpus::tagged, |path| corpus::rows(&path))?)?;
    run.pairs(&options.pairs.map_or_else(corpus::groups, |path| corpus::rows(&path))?)?;
    run.facts(&corpus::facts()?)
}

impl Run {
    fn category(&self, prompts: &[Prompt]) -> Outcome<()> {
        let mut groups: BTreeMap<&str, Share> = BTreeMap::new();
        let mut labels: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
        let mut confusions: BTreeMap<(&str, String), u32> = BTreeMap::new();
        let mut bins = [(0.0_f64, 0.0_f64); 15];
        for prompt in prompts {
            let said = self.classifiers.category(&prompt.text, &Budget::unlimited())?;
            let right = said.label == prompt.label;
            groups.entry(&prompt.group).or_default().add(right);
            let tally = labels.entry(&prompt.label).or_default();
            tally[0] += 1;
            tally[1] += u32::from(right);
            if let Some(known) = prompts.iter().find(|known| known.label == said.label) {
                labels.entry(&known.label).or_default()[2] += 1;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 15")]
            let place = (said.confidence * 15.0) as usize;
            if let Some((said_sum, right_sum)) = bins.get_mut(place.min(14)) {
                *said_sum += said.confidence;
                *right_sum += f64::from(u8::from(right));
            }
            if !right {
                self.show(&format!("{} taken for {}", prompt.label, said.label), &prompt.text);
                *confusions.entry((&prompt.label, said.label)).or_default() += 1;
            }
        }
        println!("category");
        for (group, share) in groups {
            println!("  accuracy {group:<12} {share}");
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand lines")]
        let off: f64 = bins.iter().map(|(said, right)| (said - right).abs()).sum::<f64>()
            / prompts.len().max(1) as f64;
        println!("  calibration error     {off:.4} (ECE, 15 bins)");
        println!("  {:<18} {:>5} {:>7} {:>9}", "label", "lines", "recall", "precision");
        for (label, [lines, right, said]) in &labels {
            let part = |of: u32| f64::from(*right) / f64::from(of.max(1));
            println!("  {label:<18} {lines:>5} {:>7.3} {:>9.3}", part(*lines), part(*said));
        }
        let mut confusions: Vec<_> = confusions.into_iter().collect();
        confusions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        println!("  worst confusions:");
        for ((truth, said), count) in confusions.into_iter().take(CONFUSIONS) {
            println!("  {count:>4}  {truth} taken for {said}");
        }
        println!();
        Ok(())
    }

    fn guard(&self, prompts: &[Prompt]) -> Outcome<()> {
        let threshold = self.classifiers.encoder()?.thresholds.guard;
        let (mut attacks, mut harmless) = (Share::default(), Share::default());
        let mut groups: BTreeMap<&str, Share> = BTreeMap::new();
        let mut sources: BTreeMap<&str, [Share; 2]> = BTreeMap::new();
        for prompt in prompts {
            let p = self.classifiers.guard(&prompt.text, &Budget::unlimited())?.jailbreak;
            let flagged = p >= threshold;
            let is_attack = prompt.label == "jailbreak";
            if is_attack { &mut attacks } else { &mut harmless }.add(flagged);
            groups.entry(&prompt.group).or_default().add(flagged);
            let [of_harmless, of_attacks] = sources.entry(&prompt.source).or_default();
            if is_attack { of_attacks } else { of_harmless }.add(flagged);
            if flagged != is_attack {
                self.show(&format!("{} {p:.2} {}", prompt.label, prompt.group), &prompt.text);
            }
        }
        println!("guard at {threshold}");
        println!("  recall                {attacks}");
        println!("  false positives       {harmless}");
        println!("  flagged by file, attacks and harmless texts:");
        for (source, [of_harmless, of_attacks]) in sources {
            let Share { right: wrong, all } = of_harmless;
            println!(
                "    {source:<26} {:>4} of {:>4} {wrong:>4} of {all:>4}",
                of_attacks.right, of_attacks.all
            );
        }
        println!("  flagged by technique:");
        for (group, share) in groups {
            println!("    {group:<26} {:>4} of {:>4}", share.right, share.all);
        }
        println!();
        Ok(())
    }

    fn pii(&self, texts: &[Tagged]) -> Outcome<()> {
        let mut found: BTreeMap<&str, Share> = BTreeMap::new();
        let mut wrong: BTreeMap<&str, u32> = BTreeMap::new();
        let (mut false_types, mut plain) = (Share::default(), Share::default());
        for text in texts {
            let personal = self.classifiers.personal(&text.text, &Budget::unlimited())?;
            let said: Vec<&str> = personal.entities.iter().map(|found| found.kind.name()).collect();
            let has = |kind: &str| text.entities.iter().any(|entity| entity.kind == kind);
            for kind in Kind::ALL.map(Kind::name) {
                if has(kind) {
                    found.entry(kind).or_default().add(said.contains(&kind));
                } else if said.contains(&kind) {
                    *wrong.entry(kind).or_default() += 1;
                }
            }
            let is_wrong = said.iter().any(|kind| !has(kind));
            let is_missed =
                text.entities.iter().any(|entity| !said.contains(&entity.kind.as_str()));
            false_types.add(is_wrong);
            if text.entities.is_empty() {
                plain.add(is_wrong);
            }
            if is_wrong || is_missed {
                let truth: Vec<&str> = text.entities.iter().map(|e| e.kind.as_str()).collect();
                self.show(&format!("has {truth:?}, said {said:?}"), &text.text);
            }
        }
        println!("personal data");
        for (title, names) in [("pattern types", false), ("names", true)] {
            let mut all = Share::default();
            let is_name = |kind: &str| NAMES.iter().any(|name| name.name() == kind);
            for share in found.iter().filter(|(kind, _)| is_name(kind) == names).map(|(_, s)| s) {
                all.right += share.right;
                all.all += share.all;
            }
            println!("  type recall, {title:<14} {all}");
        }
        for (kind, share) in &found {
            let wrong = wrong.get(kind).copied().unwrap_or_default();
            println!("    {kind:<18} {share}; false in {wrong} texts");
        }
        println!("  texts with a false type            {false_types}");
        println!("  the same of texts without any type {plain}\n");
        Ok(())
    }

    fn pairs(&self, groups: &[Group]) -> Outcome<()> {
        let threshold = self.classifiers.encoder()?.thresholds.likeness;
        let likeness = Bundle::embedded().likeness()?;
        // By the cosine alone, by the judge, and by all that the cache asks for.
        let (mut same, mut different) = ([Share::default(); 3], [Share::default(); 3]);
        for group in groups {
            let stored = self.classifiers.embedding(&group.q, &Budget::unlimited())?;
            let wording = Wording::of(&group.q);
            for (others, share, wanted) in
                [(&group.same, &mut same, true), (&group.different, &mut different, false)]
            {
                for other in others {
                    let asked = self.classifiers.embedding(other, &Budget::unlimited())?;
                    let cosine: f32 = stored.iter().zip(&asked).map(|(a, b)| a * b).sum();
                    let alike = likeness.probability(&wording, &Wording::of(other), cosine);
                    let near = f64::from(cosine) >= DEFAULT_THRESHOLD;
                    let judged = alike >= threshold;
                    let hit = near && judged && signs::of(&group.q) == signs::of(other);
                    for (share, hit) in share.iter_mut().zip([near, judged, hit]) {
                        share.add(hit);
                    }
                    if hit != wanted {
                        self.show(&format!("{alike:.3} ({cosine:.3}) {}", group.q), other);
                    }
                }
            }
        }
        let cosine = format!("a cosine of {DEFAULT_THRESHOLD} alone");
        let judge = format!("the judge at {threshold} alone");
        println!("cache pairs");
        let rows = [cosine, judge, "both, and the same signs: the cache".to_owned()];
        for ((row, same), different) in rows.iter().zip(&same).zip(&different) {
            println!("  {row}");
            println!("    paraphrase hits     {same}");
            println!("    false hits          {different}");
        }
        Ok(())
    }

    fn facts(&self, prompts: &[(String, bool)]) -> Outcome<()> {
        // The default of `hallucination_mitigation.fact_check_model.threshold`.
        let threshold = 0.7;
        let (mut all, mut asking, mut others) =
            (Share::default(), Share::default(), Share::default());
        for (text, needs) in prompts {
            let p = self.classifiers.needs_fact_check(text, &Budget::unlimited())?;
            let said = p >= threshold;
            all.add(said == *needs);
            if *needs { &mut asking } else { &mut others }.add(said);
            if said != *needs {
                self.show(&format!("{p:.2}, needs checking: {needs}"), text);
            }
        }
        println!("\nfact check at {threshold}");
        println!("  accuracy              {all}");
        println!("  recall                {asking}");
        println!("  false positives       {others}");
        Ok(())
    }

    fn show(&self, what: &str, text: &str) {
        if self.errors {
            println!("  ! {what}: {}", text.replace('\n', "\\n"));
        }
    }
}

/// A part of a number of texts.
#[derive(Clone, Copy, Default)]
struct Share {
    right: u32,
    all: u32,
}

impl Share {
    fn add(&mut self, right: bool) {
        self.right += u32::from(right);
        self.all += 1;
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Wilson 1927.
        let (p, n, z) =
            (f64::from(self.right) / f64::from(self.all.max(1)), f64::from(self.all), 1.96_f64);
        let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
        let (low, high) = ((middle - half).max(0.0), (middle + half).min(1.0));
        write!(out, "{p:.4}: {} of {} ({low:.4} to {high:.4})", self.right, self.all)
    }
}

//! How well the classifier in the module does on prompts that it was not
//! trained on, by the native build of the same code.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use semantic_router_filter::classify::Bundle;
use support::corpus::held_out;

/// How many confusions are shown.
const CONFUSIONS: usize = 10;

/// What became of the prompts of one label.
#[derive(Default)]
struct Tally {
    prompts: u32,
    right: u32,
    predicted: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let classifier = Bundle::embedded().category()?;
    let prompts = held_out()?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut confusions: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut right = 0;
    let begun = Instant::now();
    for prompt in &prompts {
        let category = classifier.classify(&prompt.text)?;
        tallies.entry(category.label.clone()).or_default().predicted += 1;
        let tally = tallies.entry(prompt.label.clone()).or_default();
        tally.prompts += 1;
        if category.label == prompt.label {
            tally.right += 1;
            right += 1;
        } else {
            *confusions.entry((prompt.label.clone(), category.label)).or_default() += 1;
        }
    }
    let total = u32::try_from(prompts.len())?;
    let each = begun.elapsed().as_secs_f64() * 1e3 / f64::from(total);
    let (low, high) = wilson(right, total);
    println!("Every fifth line of models/data/category, none of which was trained on,");
    println!("by the native build with the embedded bundle; {each:.2} ms a prompt on one core.\n");
    println!(
        "accuracy {:.4}: {right} of {total} right; 95 % interval {low:.4} to {high:.4} (Wilson)\n",
        f64::from(right) / f64::from(total),
    );
    println!("{:<18} {:>7} {:>7} {:>9}", "label", "prompts", "recall", "precision");
    for (label, Tally { prompts, right, predicted }) in &tallies {
        let share = |of: u32| f64::from(*right) / f64::from(of.max(1));
        println!("{label:<18} {prompts:>7} {:>7.3} {:>9.3}", share(*prompts), share(*predicted));
    }
    let mut confusions: Vec<_> = confusions.into_iter().collect();
    confusions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("\nmost frequent confusions:");
    for ((truth, said), count) in confusions.into_iter().take(CONFUSIONS) {
        println!("{count:>4}  {truth} taken for {said}");
    }
    Ok(())
}

/// The 95 % interval of a share (Wilson 1927).
fn wilson(right: u32, total: u32) -> (f64, f64) {
    let (p, n, z) = (f64::from(right) / f64::from(total), f64::from(total), 1.96_f64);
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    (middle - half, middle + half)
}

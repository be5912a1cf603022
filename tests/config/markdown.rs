//! Code blocks in Markdown.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of its fence, from 1.
    pub line: usize,
    /// The first word after the fence.
    pub language: String,
    /// What is between the fences, without their indentation.
    pub text: String,
}

/// The fenced blocks of a text, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let content = line.trim_start();
        let Some(mark) = ["```", "~~~"].into_iter().find(|mark| content.starts_with(mark)) else {
            continue;
        };
        let indent = line.len() - content.len();
        let info = content.trim_start_matches(['`', '~']);
        let fence = content.strip_suffix(info).unwrap();
        let mut block = Block {
            line: index + 1,
            language: info.split_whitespace().next().unwrap_or_default().to_owned(),
            text: String::new(),
        };
        for (_, line) in lines.by_ref() {
            let rest = line.trim();
            if rest.starts_with(fence) && rest.trim_matches(|c| mark.contains(c)).is_empty() {
                break;
            }
            let own = line.len() - line.trim_start().len();
            block.text.push_str(line.get(own.min(indent)..).unwrap_or_default());
            block.text.push('\n');
        }
        blocks.push(block);
    }
    blocks
}

#[test]
fn blocks_are_found_with_their_lines_and_without_their_indentation() {
    let text =
        "a\n```yaml\nb: 1\n  c\n```\n- d\n\n  ```sh title\n  e\n    f\n  ```\n````\n```\n````\n";
    let block = |line, language: &str, text: &str| Block {
        line,
        language: language.to_owned(),
        text: text.to_owned(),
    };
    let expected =
        [block(2, "yaml", "b: 1\n  c\n"), block(8, "sh", "e\n  f\n"), block(12, "", "```\n")];
    assert_eq!(blocks(text), expected);
}

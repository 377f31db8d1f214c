//! Counts the words of a text, of several megabytes within the usual limits.

mod count;
mod fold;

use count::Words;
use serde::{Deserialize, Serialize};
use weft::{Error, Json, Message};

/// What to answer.
#[derive(Deserialize, schemars::JsonSchema)]
struct Config {
    /// How many of the most frequent words to list.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    top: usize,
}

fn ten() -> usize {
    10
}

#[derive(Serialize)]
struct Counts {
    total: u64,
    distinct: usize,
    top: Vec<Counted>,
}

#[derive(Serialize)]
struct Counted {
    word: String,
    count: u32,
}

/// Counts the words of a text. The payload is text, or bytes in UTF-8; the
/// answer's payload is `{total, distinct, top: [{word, count}, …]}`, the most
/// frequent words first and equally frequent ones by their order.
///
/// A word is a run of letters and digits of any script, with apostrophes inside
/// (`don't`; `’` counts as `'`), in lower case.
#[weft::function(
    icon = "🔢",
    category = "text",
    input = "text",
    outputs("counts" = "The counts, as an object.")
)]
fn word_count(message: Message, config: Config) -> Result<Json<Counts>, Error> {
    if !(1..=1000).contains(&config.top) {
        return Err(Error::invalid_input(format_args!(
            "The config's `top` is {}, but must be from 1 to 1000.",
            config.top
        )));
    }
    let text = message.payload_text()?;
    let words = Words::of(&text);
    Ok(Json(Counts {
        total: words.total(),
        distinct: words.distinct(),
        top: words
            .most_frequent(config.top)
            .into_iter()
            .map(|(word, count)| Counted {
                word: word.into_owned(),
                count,
            })
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value as Plain, json};
    use weft::testing::Host;

    fn counts(host: &Host, payload: impl Into<weft::Value>) -> Result<Plain, Error> {
        let outputs = host.call(&word_count_function(), Message::new(payload))?;
        outputs[0].1.payload_as()
    }

    #[test]
    fn words_are_counted_in_any_case_and_listed_by_frequency_then_by_order() {
        let counts = counts(&Host::new(), "The cat, the dog; a CAT and THE bird.").unwrap();
        assert_eq!(
            counts,
            json!({"total": 9, "distinct": 6, "top": [
                {"word": "the", "count": 3}, {"word": "cat", "count": 2},
                {"word": "a", "count": 1}, {"word": "and", "count": 1},
                {"word": "bird", "count": 1}, {"word": "dog", "count": 1},
            ]})
        );
    }

    #[test]
    fn apostrophes_count_only_inside_words() {
        let counts = counts(&Host::new(), "'Don't' don’t ''' rock'n'roll’").unwrap();
        assert_eq!(counts["total"], 3);
        assert_eq!(counts["top"][0], json!({"word": "don't", "count": 2}));
        assert_eq!(counts["top"][1], json!({"word": "rock'n'roll", "count": 1}));
    }

    #[test]
    fn letters_of_any_script_make_words() {
        let counts = counts(&Host::new(), "Straße STRASSE straße, Ёлка ёлка—東京 café42").unwrap();
        assert_eq!(counts["total"], 7);
        assert_eq!(counts["distinct"], 5);
        assert_eq!(counts["top"][0], json!({"word": "straße", "count": 2}));
    }

    #[test]
    fn letters_whose_lower_case_is_special_count_as_one_word() {
        let counts = counts(&Host::new(), "ΟΔΟΣ οδος Σ σ İ").unwrap();
        assert_eq!(counts["top"][0], json!({"word": "οδος", "count": 2}));
        assert_eq!(counts["top"][1], json!({"word": "σ", "count": 2}));
        assert_eq!(counts["top"][2], json!({"word": "i̇", "count": 1}));
    }

    #[test]
    fn more_words_than_the_first_table_holds_are_all_counted() {
        let words: Vec<String> = (0..5000).map(|number| format!("w{number}")).collect();
        let text = words.join(" ");
        let counts = counts(&Host::new(), format!("{text} {text} w7")).unwrap();
        assert_eq!(
            (&counts["total"], &counts["distinct"]),
            (&json!(10001), &json!(5000))
        );
        assert_eq!(counts["top"][0], json!({"word": "w7", "count": 3}));
        assert_eq!(counts["top"][1], json!({"word": "w0", "count": 2}));
    }

    #[test]
    fn bytes_are_read_as_utf_8() {
        let counts = counts(&Host::new(), b"one two two".to_vec()).unwrap();
        assert_eq!(counts["top"][0], json!({"word": "two", "count": 2}));
    }

    #[test]
    fn invalid_utf_8_is_invalid_input() {
        let error = counts(&Host::new(), vec![b'a', 0xff]).unwrap_err();
        assert_eq!(error.kind(), weft::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_text_without_words_has_none() {
        let counts = counts(&Host::new(), " …  -- ' ").unwrap();
        assert_eq!(counts, json!({"total": 0, "distinct": 0, "top": []}));
    }

    #[test]
    fn the_config_says_how_many_words_are_listed() {
        let host = Host::new().with_config(&json!({"top": 1}));
        let counts = counts(&host, "a b b c").unwrap();
        assert_eq!(counts["top"], json!([{"word": "b", "count": 2}]));
        assert_eq!(counts["distinct"], 3);
    }

    #[test]
    fn a_list_of_none_or_of_too_many_is_refused() {
        for top in [0, 1001] {
            let host = Host::new().with_config(&json!({"top": top}));
            let error = counts(&host, "a").unwrap_err();
            assert_eq!(error.kind(), weft::ErrorKind::InvalidInput);
        }
    }
}

//! The text of tokens: `weft_<id>_<secret>`, 64 bits of id and 256 of secret.
//!
//! The secret is random, so a plain fast hash keeps it: there is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq as _;

const PREFIX: &str = "weft_";
const ID_BYTES: usize = 8;
const ID_DIGITS: usize = 2 * ID_BYTES;
const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 43;

/// The id of a token. It is no secret: logs and lists show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId([u8; ID_BYTES]);

/// The text is no token id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token id has 16 hexadecimal digits, in lower case")]
pub struct NoTokenId;

/// The BLAKE3 hash of a secret, compared in constant time.
#[derive(Clone, Copy)]
pub(super) struct SecretHash([u8; 32]);

/// A token's text, shown to whoever made it and then forgotten. Its `Debug` form
/// hides it.
#[derive(Clone, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct TokenText(String);

/// The system gives no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system's random number generator failed: {0}")]
pub struct NoRandomness(getrandom::Error);

impl TokenText {
    /// A new token with its id and the hash of its secret.
    pub(super) fn generate() -> Result<(TokenId, SecretHash, TokenText), NoRandomness> {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        getrandom::fill(&mut id).map_err(NoRandomness)?;
        getrandom::fill(&mut secret).map_err(NoRandomness)?;
        let id = TokenId(id);
        let secret = BASE64.encode(secret);
        let text = TokenText(format!("{PREFIX}{id}_{secret}"));
        Ok((id, SecretHash::of(&secret), text))
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// The id and the secret of a text that has the form of a token.
pub(super) fn split(text: &str) -> Option<(TokenId, &str)> {
    let rest = text.strip_prefix(PREFIX)?;
    let (id, secret) = rest.split_at_checked(ID_DIGITS)?;
    let secret = secret.strip_prefix('_')?;
    let id = id.parse().ok()?;
    (secret.len() == SECRET_CHARS).then_some((id, secret))
}

impl SecretHash {
    pub(super) fn of(secret: &str) -> Self {
        SecretHash(*blake3::hash(secret.as_bytes()).as_bytes())
    }

    pub(super) fn is_of(&self, secret: &str) -> bool {
        self.0.ct_eq(&SecretHash::of(secret).0).into()
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TokenId {
    type Err = NoTokenId;

    fn from_str(text: &str) -> Result<Self, NoTokenId> {
        let mut id = [0; ID_BYTES];
        hex::decode_to_slice(text, &mut id).map_err(|_| NoTokenId)?;
        let id = TokenId(id);
        // One form only, so that an id is found however it is compared.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(NoTokenId)
        }
    }
}

impl Serialize for TokenId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut hash = [0; 32];
        let text = String::deserialize(deserializer)?;
        hex::decode_to_slice(text, &mut hash).map_err(de::Error::custom)?;
        Ok(SecretHash(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_promised_form_and_splits_again() {
        let (id, hash, text) = TokenText::generate().unwrap();
        let text = text.reveal();
        assert_eq!(text.len(), "weft_".len() + 16 + 1 + 43, "{text}");
        let (found, secret) = split(text).unwrap();
        assert_eq!(found, id);
        assert!(hash.is_of(secret));
        assert!(!hash.is_of(&secret[1..]));
    }

    #[test]
    fn what_only_looks_like_a_token_is_none() {
        let (_, _, text) = TokenText::generate().unwrap();
        let good = text.reveal();
        let upper = good.replacen("weft_", "WEFT_", 1);
        let longer = format!("{good}a");
        for bad in [
            "",
            "weft_",
            "weft_é",
            &good[..good.len() - 1],
            &longer,
            &upper,
            &good[5..],
        ] {
            assert!(split(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn debug_output_hides_a_token() {
        let (_, _, text) = TokenText::generate().unwrap();
        assert!(!format!("{text:?}").contains(text.reveal()));
    }
}

//! Sealing and opening bytes: XChaCha20-Poly1305 with a random nonce for every sealing.
//! Everything that this crate encrypts (wrapped keys, records, payloads) goes through [`Cipher`].

use std::io;

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Length of every key in the store, in bytes.
pub(crate) const KEY_BYTES: usize = 32;

/// One key, used for one purpose. The key is wiped when this is dropped.
pub(crate) struct Cipher(XChaCha20Poly1305);

/// The bytes are not what was sealed here, with this key and in this place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Returns `nonce | ciphertext | tag`. `place` is authenticated but not kept.
    pub(crate) fn seal(&self, place: &[u8], plain: &[u8]) -> io::Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = random_bytes()?;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .encrypt_in_place_detached(
                XNonce::from_slice(&nonce),
                place,
                &mut sealed[NONCE_BYTES..],
            )
            .map_err(|_| io::Error::other("the text is too long to be encrypted"))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Undoes [`Cipher::seal`]; `place` must be the one given there.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES).ok_or(NotAuthentic)?;
        let text_bytes = rest.len().checked_sub(TAG_BYTES).ok_or(NotAuthentic)?;
        let (text, tag) = rest.split_at(text_bytes);
        let mut plain = text.to_vec();
        self.0
            .decrypt_in_place_detached(
                XNonce::from_slice(nonce),
                place,
                &mut plain,
                Tag::from_slice(tag),
            )
            .map_err(|_| NotAuthentic)?;
        Ok(plain)
    }
}

/// Bytes from the operating system's generator.
pub(crate) fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        io::Error::other(format!("the system gives no random numbers: {error}"))
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_of_any_byte_is_noticed() {
        let cipher = Cipher::new(&[7; KEY_BYTES]);
        let sealed = cipher.seal(b"shelf 3", b"a value").unwrap();
        assert_eq!(cipher.open(b"shelf 3", &sealed).unwrap(), b"a value");
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(
                cipher.open(b"shelf 3", &forged),
                Err(NotAuthentic),
                "byte {at}"
            );
        }
    }

    #[test]
    fn sealed_bytes_open_only_in_their_own_place() {
        let cipher = Cipher::new(&[7; KEY_BYTES]);
        let sealed = cipher.seal(b"shelf 3", b"a value").unwrap();
        assert_eq!(cipher.open(b"shelf 4", &sealed), Err(NotAuthentic));
    }

    #[test]
    fn truncated_bytes_are_refused() {
        let cipher = Cipher::new(&[7; KEY_BYTES]);
        let sealed = cipher.seal(b"", b"a value").unwrap();
        for length in 0..sealed.len() {
            assert_eq!(cipher.open(b"", &sealed[..length]), Err(NotAuthentic));
        }
    }
}

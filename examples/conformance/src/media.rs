//! The least that is a picture, and the least that is a sound.

use oci_mcp::Content;

/// One transparent pixel.
pub(crate) const PNG: &[u8] = include_bytes!("../data/pixel.png");

/// A millisecond of silence.
pub(crate) const WAV: &[u8] = include_bytes!("../data/silence.wav");

/// The picture.
pub(crate) fn image() -> Content {
    Content::image(PNG, "image/png")
}

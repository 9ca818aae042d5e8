//! Reading what was compressed with zstd (RFC 8878).

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// A frame may ask for this much memory and no more. RFC 8878 asks readers for
/// 8 MiB; the strongest usual compression, level 19, needs that.
const MAX_WINDOW: u64 = 32 << 20;
/// How much is decompressed at a time.
const CHUNK_SIZE: usize = 64 << 10;

/// The bytes inside a file of frames, one after the other.
pub struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame has begun; the decoder cannot be asked before.
    begun: bool,
}

impl<R: BufRead> ZstdReader<R> {
    pub fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { source, decoder, begun: false }
    }

    /// Begins the next frame; false at the end. Frames that hold no data, such
    /// as an index, are passed over.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.begun = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let passed = io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                    if passed < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if self.begun && !self.decoder.is_finished() {
                let chunk = BlockDecodingStrategy::UptoBytes(CHUNK_SIZE);
                self.decoder.decode_blocks(&mut self.source, chunk).map_err(io::Error::other)?;
            } else if !self.next_frame()? {
                return Ok(0);
            }
        }
        self.decoder.read(buffer)
    }
}

//! The driver's connection over rustls: what stands between the two libraries' traits, and the channel binding of SCRAM.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ring::digest::{self, Algorithm, SHA256, SHA384, SHA512};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

/// Makes connections with one configuration.
#[derive(Clone)]
pub(super) struct Connector(Arc<ClientConfig>);

impl Connector {
    /// With that configuration.
    pub(super) fn new(config: ClientConfig) -> Self {
        Self(Arc::new(config))
    }
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = std::convert::Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Self::Error> {
        // The folder of a Unix socket is asked for, too, and never used: its name is judged when it is.
        Ok(Handshake { config: Arc::clone(&self.0), host: host.to_owned() })
    }
}

/// A handshake to be made.
pub(super) struct Handshake {
    config: Arc<ClientConfig>,
    host: String,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let name = ServerName::try_from(self.host).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
            TlsConnector::from(self.config).connect(name, stream).await.map(Stream)
        })
    }
}

/// A connection whose handshake is done.
pub(super) struct Stream<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        let hash = certificate.and_then(|c| Some(digest::digest(hash_of(c)?, c)));
        hash.map_or_else(ChannelBinding::none, |h| ChannelBinding::tls_server_end_point(h.as_ref().to_vec()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The hash that `tls-server-end-point` takes of a certificate: that of its signature, SHA-256 instead of MD5 and SHA-1 (RFC 5929, section 4.1). `None` for
/// signatures without one, such as Ed25519: there is no channel binding with them.
fn hash_of(certificate: &[u8]) -> Option<&'static Algorithm> {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (_to_be_signed, rest) = element(certificate, SEQUENCE)?;
    let (algorithm, _) = element(rest, SEQUENCE)?;
    let (identifier, _) = element(algorithm, OBJECT_IDENTIFIER)?;
    // RFC 8017 (1.2.840.113549.1.1.N) and RFC 5758 (1.2.840.10045.4.3.N).
    match identifier {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n] => match n {
            4 | 5 | 11 => Some(&SHA256),
            12 => Some(&SHA384),
            13 => Some(&SHA512),
            _ => None,
        },
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Some(&SHA256),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n] => match n {
            2 => Some(&SHA256),
            3 => Some(&SHA384),
            4 => Some(&SHA512),
            _ => None,
        },
        _ => None,
    }
}

/// The content of the DER element at the start, which must have that tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (digits.iter().try_fold(0_usize, |n, d| n.checked_mul(256)?.checked_add(usize::from(*d)))?, rest)
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_by(identifier: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, body: &[u8]| {
            [&[tag, 0x82, u8::try_from(body.len() / 256).expect("short"), u8::try_from(body.len() % 256).expect("a byte")], body].concat()
        };
        let algorithm = wrap(0x30, &[&[0x06, u8::try_from(identifier.len()).expect("short")], identifier, &[0x05, 0x00]].concat());
        wrap(0x30, &[wrap(0x30, &[0; 300]), algorithm, vec![0x03, 0x01, 0x00]].concat())
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let name = |identifier: &[u8]| hash_of(&signed_by(identifier)).map(|a| a.output_len() * 8);
        let rsa = |n: u8| [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n];
        assert_eq!([5, 11, 12, 13, 10].map(|n| name(&rsa(n))), [Some(256), Some(256), Some(384), Some(512), None]);
        let ecdsa = |n: u8| [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n];
        assert_eq!([2, 3, 4].map(|n| name(&ecdsa(n))), [Some(256), Some(384), Some(512)]);
        assert_eq!(name(&[0x2b, 0x65, 0x70]), None, "Ed25519");
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let whole = signed_by(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 11]);
        for length in 0..whole.len() {
            let _ = hash_of(&whole[..length]);
        }
        assert!(hash_of(&[0x30, 0xff, 1]).is_none());
        assert!(hash_of(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]).is_none());
    }
}

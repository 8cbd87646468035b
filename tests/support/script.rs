//! A peer that follows the script of a test.

use handfast::{
    archive::Identity,
    message::{self, Decoder, Message, archive_header, encode},
    mux::{
        ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, FrameDecoder, FrameEvent, RequestState,
        end_of_channel, frame_header,
    },
    sas::Channel,
    secret::Secret,
    shell::tls::{ExporterTls, ImporterTls},
    token::Token,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The channel that an exporter asks for.
pub const CHANNEL: u16 = FIRST_SERVER_CHANNEL;

/// One end of a secured connection, in the hands of a test.
pub struct Script {
    stream: Box<dyn Stream>,
    frames: FrameDecoder,
    messages: Decoder,
    /// The bytes that were read and not yet understood, and how many.
    input: Vec<u8>,
    said: std::collections::VecDeque<Said>,
    archive: Vec<u8>,
}

/// A secured stream of either end.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// The messages of the other end.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Control(Control),
    Message(Message<Secret>),
    Archive(Vec<u8>),
    End,
    /// It closed the connection, or lost it.
    Lost,
}

/// An exporting device over `stream`.
pub async fn exporter<S>(stream: S, device: &Identity) -> Script
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    Script::new(ExporterTls::new(device).handshake(stream).await.unwrap().0)
}

/// An importing device over `stream`.
pub async fn importer<S>(stream: S, device: &Identity) -> Script
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    Script::new(ImporterTls::new(device).handshake(stream).await.unwrap().0)
}

/// The same, with what a comparison needs of the channel.
pub async fn comparing_exporter<S>(stream: S, device: &Identity) -> (Script, Channel)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let tls = ExporterTls::new(device);
    let stream = tls.handshake(stream).await.unwrap().0;
    let channel = tls.channel(&stream).unwrap();
    (Script::new(stream), channel)
}

/// The same, with what a comparison needs of the channel.
pub async fn comparing_importer<S>(stream: S, device: &Identity) -> (Script, Channel)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let tls = ImporterTls::new(device);
    let stream = tls.handshake(stream).await.unwrap().0;
    let channel = tls.channel(&stream).unwrap();
    (Script::new(stream), channel)
}

impl Script {
    /// One end of a connection that was secured by a test of its own.
    pub fn new<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        Self {
            stream: Box::new(stream),
            frames: FrameDecoder::new(),
            messages: Decoder::new(1 << 30),
            input: Vec::new(),
            said: Default::default(),
            archive: Vec::new(),
        }
    }

    pub async fn raw(&mut self, bytes: &[u8]) {
        // A peer that is gone is noticed when it is listened to.
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    pub async fn control(&mut self, control: Control) {
        self.raw(&control.to_frame()).await;
    }

    pub async fn request(&mut self, name: &[u8], channel: u16) {
        let name = ChannelName::new(name).unwrap();
        self.control(Control::Request(ChannelRequest { name, channel, state: RequestState::Request })).await;
    }

    /// Asks for the channel of a token, and waits until it is accepted.
    pub async fn open(&mut self, token: &str) {
        let token = Token::parse(token.as_bytes()).unwrap();
        self.request(token.code.channel_name().as_bytes(), CHANNEL).await;
        assert_eq!(self.answer().await, RequestState::Accept);
    }

    /// The answer to a request.
    pub async fn answer(&mut self) -> RequestState {
        loop {
            match self.next().await {
                Said::Control(Control::Request(request)) => return request.state,
                Said::Control(_) => {}
                other => panic!("an answer is due, not {other:?}"),
            }
        }
    }

    /// Waits for a request for a channel, and accepts it.
    pub async fn accept(&mut self) {
        loop {
            if let Said::Control(Control::Request(request)) = self.next().await {
                let state = RequestState::Accept;
                return self.control(Control::Request(ChannelRequest { state, ..request })).await;
            }
        }
    }

    pub async fn data(&mut self, data: &[u8]) {
        for piece in data.chunks(60_000) {
            let mut frame = frame_header(CHANNEL, piece.len() as u16).as_bytes().to_vec();
            frame.extend_from_slice(piece);
            self.raw(&frame).await;
        }
    }

    pub async fn send(&mut self, message: Message<Secret>) {
        let bytes = encode(&message);
        self.data(bytes.as_bytes()).await;
    }

    pub async fn archive(&mut self, text: &[u8]) {
        self.data(archive_header(text.len() as u32).as_bytes()).await;
        self.data(text).await;
    }

    pub async fn end(&mut self) {
        self.raw(end_of_channel(CHANNEL).as_bytes()).await;
    }

    /// The next thing but what belongs to the connection alone.
    pub async fn received(&mut self) -> Said {
        loop {
            match self.next().await {
                Said::Control(_) => {}
                said => return said,
            }
        }
    }

    /// The next thing.
    pub async fn next(&mut self) -> Said {
        loop {
            if let Some(said) = self.said.pop_front() {
                return said;
            }
            let mut buffer = [0; 8192];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return Said::Lost,
                Ok(count) => self.input.extend_from_slice(&buffer[..count]),
            }
            self.understand();
        }
    }

    fn understand(&mut self) {
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while let Some(event) = self.frames.next(&mut rest).expect("frames") {
            match event {
                FrameEvent::Control(control) => self.said.push_back(Said::Control(control)),
                FrameEvent::End { .. } => self.said.push_back(Said::End),
                FrameEvent::Data { mut bytes, .. } => {
                    while let Some(event) = self.messages.next(&mut bytes).expect("messages") {
                        match event {
                            message::Event::Message(message) => self.said.push_back(Said::Message(message)),
                            message::Event::ArchiveBegan { .. } => self.archive.clear(),
                            message::Event::ArchiveSlice(slice) => self.archive.extend_from_slice(slice),
                            message::Event::ArchiveEnded => {
                                self.said.push_back(Said::Archive(std::mem::take(&mut self.archive)));
                            }
                        }
                    }
                }
            }
        }
    }
}

//! How the two sides of a session meet, in whatever world: the importing device waits at a port, the exporting one knows where.

/// Where the importing device waits.
pub(crate) const PORT: u16 = 4711;

/// Makes `$net` the rendezvous of a world: of the `TcpListener` and the `TcpStream` that are in scope. The importing device is
/// at the address `$import`.
macro_rules! meeting {
    ($net:ident, $import:expr) => {
        #[derive(Clone)]
        struct $net(std::sync::Arc<crate::board::Scene>);

        struct Door(TcpListener);

        impl handfast::shell::rendezvous::Publish for $net {
            type Listener = Door;

            async fn publish(self, _: &handfast::archive::Identity) -> std::io::Result<Door> {
                tokio::time::sleep(std::time::Duration::from_millis(self.0.plan.work_ms.0)).await;
                TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, crate::meeting::PORT)).await.map(Door)
            }
        }

        impl handfast::shell::rendezvous::Listener for Door {
            type Stream = TcpStream;

            async fn accept(&mut self) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
                self.0.accept().await
            }

            fn local_addr(&self) -> std::io::Result<std::net::SocketAddr> {
                self.0.local_addr()
            }
        }

        impl handfast::shell::rendezvous::Dial for $net {
            type Stream = TcpStream;

            async fn dial(self, _: handfast::token::DeviceId) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
                let address = std::net::SocketAddr::new($import, crate::meeting::PORT);
                Ok((TcpStream::connect(address).await?, address))
            }
        }
    };
}

pub(crate) use meeting;

//! The rendezvous of the two sides of a session, in each of the worlds: the importing device listens at a port that the exporting one
//! knows.

/// The port at which the importing device listens.
pub(crate) const PORT: u16 = 4711;

/// Makes `$net` the rendezvous of a world: of the `TcpListener` and the `TcpStream` that are in scope. The importing device is
/// at the address `$import`.
macro_rules! rendezvous {
    ($net:ident, $import:expr) => {
        #[derive(Clone)]
        pub(crate) struct $net(std::sync::Arc<crate::shell::scene::Scene>);

        pub(crate) struct Endpoint {
            listener: TcpListener,
            scene: std::sync::Arc<crate::shell::scene::Scene>,
        }

        impl Drop for Endpoint {
            fn drop(&mut self) {
                self.scene.record().open[handfast::outcome::Side::Import as usize] -= 1;
            }
        }

        impl $net {
            async fn call(&self) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
                let address = std::net::SocketAddr::new($import, crate::shell::rendezvous::PORT);
                Ok((TcpStream::connect(address).await?, address))
            }
        }

        impl handfast::shell::rendezvous::Publish for $net {
            type Listener = Endpoint;

            async fn publish(self, _: &handfast::archive::Identity) -> std::io::Result<Endpoint> {
                tokio::time::sleep(std::time::Duration::from_millis(self.0.plan.work_ms.0)).await;
                let listener =
                    TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, crate::shell::rendezvous::PORT)).await?;
                self.0.record().open[handfast::outcome::Side::Import as usize] += 1;
                Ok(Endpoint { listener, scene: self.0 })
            }
        }

        impl handfast::shell::rendezvous::Listener for Endpoint {
            type Stream = crate::shell::stream::Stream<TcpStream>;

            async fn accept(&mut self) -> std::io::Result<(Self::Stream, std::net::SocketAddr)> {
                let (stream, from) = self.listener.accept().await?;
                Ok((crate::shell::stream::Stream::new(stream, &self.scene, handfast::outcome::Side::Import), from))
            }

            fn local_addr(&self) -> std::io::Result<std::net::SocketAddr> {
                self.listener.local_addr()
            }
        }

        impl handfast::shell::rendezvous::Dial for $net {
            type Stream = crate::shell::stream::Stream<TcpStream>;

            async fn dial(self, _: handfast::token::DeviceId) -> std::io::Result<(Self::Stream, std::net::SocketAddr)> {
                let (stream, address) = self.call().await?;
                Ok((crate::shell::stream::Stream::new(stream, &self.0, handfast::outcome::Side::Export), address))
            }
        }
    };
}

pub(crate) use rendezvous;

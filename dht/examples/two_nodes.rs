//! Two nodes on the loopback interface: one puts a value, the other finds it and learns of the next.
//!
//! ```text
//! cargo run -p handfast-dht --features tokio --example two_nodes
//! ```

use handfast_dht::driver::{Bind, Running};
use handfast_dht::value::Query;
use handfast_dht::{Config, Event, InfoHash, PutOptions, Value, ValueType};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let one = Running::start(Bind::loopback(0), Config::default()).await?;
    let two = Running::start(Bind::loopback(0), Config::default()).await?;
    two.bootstrap(one.addresses()[0]).await?;
    two.connected().await?;

    let key = InfoHash::of(b"greetings");
    let first = Value::plain(1, ValueType::USER_DATA, *b"hello");
    let placed = one.put(key, first, PutOptions::default()).await?;
    println!("put at {} nodes, and here: {}", placed.acknowledged, placed.here);

    let found = two.get(key, Query::default()).await?;
    for value in &found.values {
        println!("found {:?}", value.body().map(|body| String::from_utf8_lossy(&body.data)));
    }

    let mut news = two.listen(key, Query::default()).await?;
    one.put(key, Value::plain(2, ValueType::USER_DATA, *b"and more"), PutOptions::default()).await?;
    while let Some(event) = news.next().await {
        if let Event::Values { values, .. } = event
            && values.iter().any(|value| value.id == 2)
        {
            println!("the second value arrived");
            break;
        }
    }
    drop(news);
    two.shutdown().await;
    one.shutdown().await;
    Ok(())
}

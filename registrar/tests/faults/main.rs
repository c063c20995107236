//! The registrar against services that fail: every call of a deployment, with everything that can go wrong with it.
//!
//! The commands run as a library, in this process and in virtual time: the runtime's clock is paused and moves on when
//! everybody waits, so that ten minutes of patience cost nothing. A real local AWS answers, in real time, on loopback.
//! What lies between spoils calls and records them.

mod bench;
mod cloud;
mod connector;
mod fault;
mod operation;
mod wire;

use bench::{Bench, Scene};
use cloud::Cloud;

#[tokio::test(start_paused = true)]
async fn explore() {
    let cloud = Cloud::start().await;
    for scene in [Scene::FirstDeploy, Scene::Update, Scene::Unregister, Scene::Register, Scene::Status] {
        let bench = Bench::new(&cloud);
        let real = std::time::Instant::now();
        bench.prepare(scene).await;
        println!("prepared {:?}", real.elapsed());
        let ran = bench.run(scene, &[]).await;
        println!("{scene:?}: {} {} in {:?} ({:?})", ran.code(), ran.text(), ran.took, real.elapsed());
        for sent in &ran.log {
            println!("  {} {:?}", sent.operation.name, sent.status);
        }
        println!("{}", bench.state().await);
    }
}

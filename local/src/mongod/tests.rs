use super::*;

#[tokio::test]
async fn a_port_that_another_server_takes_first_is_not_mistaken_for_ones_own() {
    let first = Mongod::throwaway().await.unwrap();
    let mut ports = [first.port, first.port].into_iter();
    let second = Mongod::throwaway_on(Role::Alone, || ports.next().map_or_else(free_port, Ok)).await.unwrap();
    assert_eq!(ports.next(), None, "both attempts on the taken port were made");
    assert_ne!(second.port, first.port);
    assert!(replica_set::serves(second.port, second.data()).await);
    assert!(replica_set::serves(first.port, first.data()).await);
    assert!(!replica_set::serves(first.port, second.data()).await);
}

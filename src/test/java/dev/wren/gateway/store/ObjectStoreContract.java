package dev.wren.gateway.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store must do. */
public abstract class ObjectStoreContract {

    private static final int RACERS = 16;
    private static final int PUTS_A_RACE = 5;

    private ObjectStore store;

    /** An empty store. */
    protected abstract ObjectStore open() throws IOException;

    /** How many races are run in a test. */
    protected int races() {
        return 20;
    }

    @BeforeEach
    void openStore() throws IOException {
        store = open();
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String text(String key) {
        return new String(store.get(key).orElseThrow().bytes(), StandardCharsets.UTF_8);
    }

    @Test
    void an_object_is_created_once() {
        assertThat(store.putIfAbsent("a/b/c", bytes("one"))).isTrue();
        assertThat(store.putIfAbsent("a/b/c", bytes("two"))).isFalse();
        assertThat(text("a/b/c")).isEqualTo("one");
        assertThat(store.get("a/b/none")).isEmpty();
        assertThat(store.get("a/b/c/d")).isEmpty();
    }

    /** What a caller does whose answer was lost. */
    @Test
    void the_same_bytes_are_found_and_others_are_not() {
        assertThat(store.putOrFind("a/b", bytes("one"))).isTrue();
        assertThat(store.putOrFind("a/b", bytes("one"))).isTrue();
        assertThat(store.putOrFind("a/b", bytes("two"))).isFalse();
        assertThat(store.putOrFind("a/b", bytes("longer"))).isFalse();
        assertThat(text("a/b")).isEqualTo("one");
    }

    @Test
    void of_many_racers_one_creates() throws Exception {
        race((key, racer) -> store.putIfAbsent(key, bytes(key + racer)));
    }

    @Test
    void of_many_racers_one_replaces() throws Exception {
        for (int k = 0; k < races(); k++) {
            store.putIfAbsent("race/" + k, bytes("start"));
        }
        String etag = store.get("race/0").orElseThrow().etag();
        race((key, racer) -> store.replace(key, bytes(key + racer), etag).isPresent());
    }

    private interface Racer {
        boolean wins(String key, int racer);
    }

    private void race(Racer racer) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(RACERS)) {
            for (int k = 0; k < races(); k++) {
                String key = "race/" + k;
                CountDownLatch start = new CountDownLatch(1);
                List<Future<Optional<Integer>>> runs = new ArrayList<>();
                for (int r = 0; r < RACERS; r++) {
                    int number = r;
                    Callable<Optional<Integer>> run = () -> {
                        start.await();
                        return racer.wins(key, number) ? Optional.of(number) : Optional.empty();
                    };
                    runs.add(threads.submit(run));
                }
                start.countDown();
                List<Integer> winners = new ArrayList<>();
                for (Future<Optional<Integer>> run : runs) {
                    run.get().ifPresent(winners::add);
                }
                assertThat(winners).hasSize(1);
                assertThat(text(key)).isEqualTo(key + winners.getFirst());
            }
        }
    }

    @Test
    void replace_needs_what_is_there() {
        String first = store.replace("k", bytes("one"), null).orElseThrow();
        assertThat(store.replace("k", bytes("two"), null)).isEmpty();
        assertThat(store.replace("k", bytes("two"), "other")).isEmpty();
        String second = store.replace("k", bytes("two"), first).orElseThrow();
        assertThat(store.replace("k", bytes("three"), first)).isEmpty();
        assertThat(store.get("k").orElseThrow().etag()).isEqualTo(second);
        assertThat(store.replace("none", bytes("x"), first)).isEmpty();
    }

    @Test
    void ranges() {
        store.putIfAbsent("r", bytes("0123456789"));
        assertThat(store.read("r", 2, 3)).contains(bytes("234"));
        assertThat(store.read("r", 8, 10)).contains(bytes("89"));
        assertThat(store.read("r", 10, 5)).contains(new byte[0]);
        assertThat(store.read("r", 50, 5)).contains(new byte[0]);
        assertThat(store.read("none", 0, 5)).isEmpty();
    }

    @Test
    void an_upload_is_seen_when_it_is_committed_and_not_before() throws IOException {
        try (ObjectStore.Upload upload = store.upload("u/large")) {
            for (int i = 0; i < 100; i++) {
                upload.stream().write(new byte[100_000]);
            }
            assertThat(store.get("u/large")).isEmpty();
            assertThat(store.list("u/", null, 10)).isEmpty();
            assertThat(upload.commit()).isTrue();
        }
        assertThat(store.list("u/", null, 10)).containsExactly(new ObjectStore.Entry("u/large", 10_000_000));
        try (ObjectStore.Upload abandoned = store.upload("u/other")) {
            abandoned.stream().write(1);
        }
        assertThat(store.get("u/other")).isEmpty();
        try (ObjectStore.Upload late = store.upload("u/large")) {
            late.stream().write(1);
            assertThat(late.commit()).isFalse();
        }
    }

    @Test
    void keys_are_listed_in_order_and_in_parts() {
        List<String> keys = List.of("l/a", "l/a-b", "l/a/x", "l/a0", "l/b/1", "l/b/2", "l/c");
        keys.stream().filter(key -> !key.equals("l/a")).forEach(key -> store.putIfAbsent(key, bytes(key)));
        List<String> expected = keys.stream().filter(key -> !key.equals("l/a")).sorted().toList();
        List<String> found = new ArrayList<>();
        List<ObjectStore.Entry> page;
        do {
            page = store.list("l/", found.isEmpty() ? null : found.getLast(), 2);
            page.forEach(entry -> found.add(entry.key()));
        } while (!page.isEmpty());
        assertThat(found).isEqualTo(expected);
        assertThat(store.list("none/", null, 5)).isEmpty();
    }

    @Test
    void folders_are_listed_without_what_is_in_them() {
        for (String key : List.of("f/1/a", "f/1/b", "f/2/a", "f/3/x/y", "f/file")) {
            store.putIfAbsent(key, bytes(key));
        }
        assertThat(store.folders("f/", null, 10)).containsExactly("1", "2", "3");
        assertThat(store.folders("f/", "1", 1)).containsExactly("2");
        assertThat(store.folders("", null, 10)).containsExactly("f");
    }

    @Test
    void folders_come_in_the_order_of_the_keys_in_them() {
        List<String> names = List.of("a-b", "a", "a0", "aa");
        names.forEach(name -> store.putIfAbsent("o/" + name + "/x", bytes(name)));
        List<String> found = new ArrayList<>();
        List<String> page;
        do {
            page = store.folders("o/", found.isEmpty() ? null : found.getLast(), 1);
            found.addAll(page);
        } while (!page.isEmpty());
        assertThat(found).isEqualTo(names);
    }

    @Test
    void what_is_deleted_is_gone_and_may_come_again() {
        store.putIfAbsent("d/1", bytes("x"));
        store.delete(List.of("d/1", "d/none", "none/at/all"));
        assertThat(store.get("d/1")).isEmpty();
        assertThat(store.folders("", null, 10)).isEmpty();
        assertThat(store.putIfAbsent("d/1", bytes("y"))).isTrue();
    }

    @Test
    void puts_survive_deletes_of_their_folder_meanwhile() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < PUTS_A_RACE * races(); round++) {
                store.putIfAbsent("v/w/old", bytes("x"));
                String key = "v/w/new" + round;
                Future<Boolean> put = threads.submit(() -> store.putIfAbsent(key, bytes(key)));
                store.delete(List.of("v/w/old"));
                assertThat(put.get()).isTrue();
                assertThat(text(key)).isEqualTo(key);
                store.delete(List.of(key));
            }
        }
    }

    @Test
    void keys_that_are_none_are_refused() {
        for (String key : List.of("", "/a", "a/", "a//b", "../x", "a/../b", "a/./b", "a\0b", "ä", "a b")) {
            assertThatThrownBy(() -> store.putIfAbsent(key, new byte[0])).as(key)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}

package dev.wren.gateway.store.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.BesideOthers;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.ObjectStoreContract;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.s3.FaultProxy.Fault;
import dev.wren.gateway.store.s3.FaultProxy.Request;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;

@BesideOthers
class S3ObjectStoreTest extends ObjectStoreContract {

    private static final Predicate<Request> PUT = request -> request.method().equals("PUT");
    private static final Predicate<Request> GET = request -> request.method().equals("GET");
    private static S3Server server;

    @BeforeAll
    static void startServer() {
        server = S3Server.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @AfterEach
    void noFaults() {
        server.proxy().faults(_ -> Fault.NONE);
    }

    @Override
    protected ObjectStore open() {
        return S3Stores.open(server.endpoint(), "s3://" + server.newBucket() + "/a/store", S3Stores.settings(),
                Clock.systemUTC());
    }

    /** The first {@code times} of those requests meet the fault; tells how many did. */
    private static AtomicInteger faults(Predicate<Request> of, Fault fault, int times) {
        AtomicInteger met = new AtomicInteger();
        server.proxy().faults(request -> of.test(request) && met.incrementAndGet() <= times ? fault : Fault.NONE);
        return met;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** All that a network or a server may do to one request. */
    static Stream<Fault> transientFaults() {
        return Stream.of(new Fault.Answer(503, "SlowDown", false), new Fault.Answer(500, "InternalError", false),
                new Fault.Answer(500, "InternalError", true),
                new Fault.Answer(409, "ConditionalRequestConflict", false),
                new Fault.Reset(false), new Fault.Reset(true), new Fault.Late());
    }

    @ParameterizedTest
    @MethodSource("transientFaults")
    void a_write_comes_to_what_it_did(Fault fault) {
        try (ObjectStore store = open()) {
            faults(PUT, fault, 1);
            assertThat(store.putIfAbsent("k", bytes("one"))).isTrue();
            faults(PUT, fault, 1);
            assertThat(store.putIfAbsent("k", bytes("one"))).as("the same bytes, by another").isFalse();
            String etag = store.get("k").orElseThrow().etag();
            faults(PUT, fault, 1);
            Optional<String> replaced = store.replace("k", bytes("two"), etag);
            assertThat(replaced).isPresent();
            faults(PUT, fault, 1);
            assertThat(store.replace("k", bytes("three"), etag)).isEmpty();
            assertThat(store.get("k").orElseThrow().etag()).isEqualTo(replaced.orElseThrow());
        }
    }

    /** Before anything was done, and after all: with every try, so that only a look tells. */
    @Test
    void a_write_that_is_never_answered_is_settled_by_looking() {
        try (ObjectStore store = open()) {
            faults(PUT, new Fault.Reset(true), Integer.MAX_VALUE);
            assertThat(store.putIfAbsent("k", bytes("one"))).isTrue();
            assertThat(store.putIfAbsent("k", bytes("two"))).isFalse();
            assertThat(store.replace("k", bytes("three"), store.get("k").orElseThrow().etag())).isPresent();
            faults(PUT, new Fault.Reset(false), Integer.MAX_VALUE);
            assertThatThrownBy(() -> store.putIfAbsent("other", bytes("one"))).isInstanceOf(StoreException.class);
            assertThatThrownBy(() -> store.replace("k", bytes("four"), store.get("k").orElseThrow().etag()))
                    .isInstanceOf(StoreException.class);
            faults(_ -> true, new Fault.Reset(true), Integer.MAX_VALUE);
            assertThatThrownBy(() -> store.putIfAbsent("third", bytes("one"))).isInstanceOf(StoreException.class);
            noFaults();
            assertThat(store.get("other")).isEmpty();
            assertThat(store.putOrFind("third", bytes("one"))).as("asked again").isTrue();
        }
    }

    @Test
    void what_another_has_done_in_a_conflict_is_seen() {
        try (ObjectStore store = open()) {
            String etag = store.replace("k", bytes("one"), null).orElseThrow();
            AtomicInteger asked = new AtomicInteger();
            server.proxy().faults(request -> {
                if (!PUT.test(request) || asked.incrementAndGet() != 1) {
                    return Fault.NONE;
                }
                assertThat(store.replace("k", bytes("another's"), etag)).isPresent();
                return new Fault.Answer(409, "ConditionalRequestConflict", false);
            });
            assertThat(store.replace("k", bytes("two"), etag)).isEmpty();
            noFaults();
            assertThat(store.get("k").orElseThrow().bytes()).isEqualTo(bytes("another's"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 400})
    void what_is_denied_is_not_tried_again(int status) {
        try (ObjectStore store = open()) {
            AtomicInteger asked = faults(PUT, new Fault.Answer(status, "AccessDenied", false), Integer.MAX_VALUE);
            assertThatThrownBy(() -> store.putIfAbsent("k", bytes("one"))).isInstanceOf(StoreException.class)
                    .hasMessageContaining("AccessDenied");
            assertThat(asked).hasValue(1);
        }
    }

    @ParameterizedTest
    @MethodSource("transientFaults")
    void reads_and_lists_and_deletes_are_tried_again(Fault fault) {
        try (ObjectStore store = open()) {
            store.putIfAbsent("f/k", bytes("0123456789"));
            if (!(fault instanceof Fault.Answer(int status, String _, boolean _) && status == 409)) {
                faults(GET, fault, 1);
                assertThat(store.get("f/k").orElseThrow().bytes()).isEqualTo(bytes("0123456789"));
                faults(GET, fault, 1);
                assertThat(store.read("f/k", 2, 3)).contains(bytes("234"));
                faults(GET, fault, 1);
                assertThat(store.list("f/", null, 10)).hasSize(1);
                faults(GET, fault, 1);
                assertThat(store.folders("", null, 10)).containsExactly("f");
                faults(request -> request.method().equals("POST"), fault, 1);
                store.delete(List.of("f/k"));
                assertThat(store.get("f/k")).isEmpty();
            }
        }
    }

    @Test
    void a_body_that_stops_in_the_middle_is_asked_for_again() throws Exception {
        byte[] large = new byte[2 * S3Reads.BLOCK + 12_345];
        new Random(1).nextBytes(large);
        try (ObjectStore store = open()) {
            store.putIfAbsent("small", bytes("0123456789"));
            try (ObjectStore.Upload upload = store.upload("large")) {
                upload.stream().write(large);
                assertThat(upload.commit()).isTrue();
            }
            faults(GET, new Fault.Cut(4), 2);
            assertThat(store.get("small").orElseThrow().bytes()).isEqualTo(bytes("0123456789"));
            faults(GET, new Fault.Cut(4), 2);
            assertThat(store.read("small", 1, 8)).contains(bytes("12345678"));
            // Each block for itself.
            AtomicInteger asked = new AtomicInteger();
            server.proxy().faults(_ -> asked.incrementAndGet() % 2 == 1 ? new Fault.Cut(10_000) : Fault.NONE);
            try (ObjectStore.StoredObject object = store.get("large").orElseThrow()) {
                assertThat(object.size()).isEqualTo(large.length);
                assertThat(object.bytes()).isEqualTo(large);
            }
            assertThat(asked).hasValue(6);
        }
    }

    @Test
    void an_object_that_is_replaced_while_it_is_read_is_not_mixed() throws Exception {
        try (ObjectStore store = open()) {
            byte[] first = new byte[S3Reads.BLOCK + 10];
            byte[] second = new byte[S3Reads.BLOCK + 10];
            Arrays.fill(second, (byte) 1);
            String etag = store.replace("k", first, null).orElseThrow();
            try (ObjectStore.StoredObject object = store.get("k").orElseThrow()) {
                assertThat(store.replace("k", second, etag)).isPresent();
                InputStream body = object.body();
                assertThat(body.readNBytes(S3Reads.BLOCK)).isEqualTo(new byte[S3Reads.BLOCK]);
                assertThatThrownBy(body::read).hasMessageContaining("was changed while it was read");
            }
        }
    }

    @Test
    void a_large_upload_is_sent_again_after_a_conflict() throws Exception {
        byte[] large = new byte[12 << 20];
        new Random(2).nextBytes(large);
        try (ObjectStore store = open(); ObjectStore.Upload upload = store.upload("k")) {
            AtomicInteger parts = new AtomicInteger();
            AtomicInteger completions = new AtomicInteger();
            server.proxy().faults(request -> {
                if (request.query().contains("partNumber")) {
                    parts.incrementAndGet();
                }
                return request.method().equals("POST") && request.query().startsWith("uploadId")
                        && completions.incrementAndGet() <= 2
                                ? new Fault.Answer(409, "ConditionalRequestConflict", false)
                                : Fault.NONE;
            });
            upload.stream().write(large);
            assertThat(parts).as("sent while the rest comes").hasValue(2);
            assertThat(upload.commit()).isTrue();
            assertThat(parts).hasValue(9);
            noFaults();
            assertThat(store.get("k").orElseThrow().bytes()).isEqualTo(large);
        }
    }

    @Test
    void a_large_upload_whose_completion_is_not_answered_is_there() throws Exception {
        try (ObjectStore store = open(); ObjectStore.Upload upload = store.upload("k")) {
            upload.stream().write(new byte[6 << 20]);
            faults(request -> request.query().startsWith("uploadId"), new Fault.Reset(true), Integer.MAX_VALUE);
            assertThat(upload.commit()).isTrue();
        }
    }

    @Test
    void of_two_large_uploads_one_creates() throws Exception {
        try (ObjectStore store = open();
                ObjectStore.Upload one = store.upload("k");
                ObjectStore.Upload two = store
                        .upload("k")) {
            one.stream().write(new byte[6 << 20]);
            two.stream().write(new byte[7 << 20]);
            assertThat(one.commit()).isTrue();
            assertThat(two.commit()).isFalse();
            assertThat(store.list("", null, 5)).containsExactly(new ObjectStore.Entry("k", 6 << 20));
        }
    }

    @Test
    void uploads_that_are_broken_off_leave_nothing() throws Exception {
        String bucket = server.newBucket();
        try (S3Client client = server.client();
                ObjectStore store = S3Stores.open(server.endpoint(), "s3://" + bucket, S3Stores.settings(),
                        Clock.systemUTC())) {
            try (ObjectStore.Upload upload = store.upload("k")) {
                upload.stream().write(new byte[6 << 20]);
                assertThat(uploads(client, bucket)).isEqualTo(1);
            }
            assertThat(uploads(client, bucket)).isZero();
            // A crash, or an abort that does not come through.
            try (ObjectStore.Upload upload = store.upload("k")) {
                upload.stream().write(new byte[6 << 20]);
                faults(request -> request.method().equals("DELETE"), new Fault.Answer(500, "InternalError", false),
                        Integer.MAX_VALUE);
            }
            noFaults();
            store.sweep();
            assertThat(uploads(client, bucket)).as("it may be under way").isEqualTo(1);
            try (ObjectStore later = S3Stores.open(server.endpoint(), "s3://" + bucket,
                    S3Stores.settings("abandoned-after", "1h"),
                    Clock.offset(Clock.systemUTC(), Duration.ofHours(2)))) {
                later.sweep();
            }
            assertThat(uploads(client, bucket)).isZero();
        }
    }

    private static int uploads(S3Client client, String bucket) {
        return client.listMultipartUploads(list -> list.bucket(bucket)).uploads().size();
    }

    @Test
    void more_objects_than_fit_a_request_are_listed_and_deleted() {
        try (ObjectStore store = open()) {
            List<String> keys = IntStream.range(0, 1_100).mapToObj(i -> "many/%04d".formatted(i)).toList();
            keys.parallelStream().forEach(key -> store.putIfAbsent(key, bytes(key)));
            assertThat(store.list("many/", null, 2_000)).extracting(ObjectStore.Entry::key).isEqualTo(keys);
            assertThat(store.list("many/", keys.get(49), 1_020)).extracting(ObjectStore.Entry::key)
                    .isEqualTo(keys.subList(50, 1_070));
            store.delete(keys);
            assertThat(store.list("many/", null, 1)).isEmpty();
        }
    }

    @Test
    void stores_in_one_bucket_do_not_see_each_other() {
        String bucket = server.newBucket();
        try (ObjectStore one = S3Stores.open(server.endpoint(), "s3://" + bucket + "/a", S3Stores.settings(),
                Clock.systemUTC());
                ObjectStore other = S3Stores.open(server.endpoint(), "s3://" + bucket + "/ab/", S3Stores.settings(),
                        Clock.systemUTC())) {
            one.putIfAbsent("k/1", bytes("x"));
            other.putIfAbsent("k/2", bytes("x"));
            assertThat(one.folders("", null, 5)).containsExactly("k");
            assertThat(one.list("", null, 5)).extracting(ObjectStore.Entry::key).containsExactly("k/1");
            assertThat(other.list("k/", null, 5)).extracting(ObjectStore.Entry::key).containsExactly("k/2");
            assertThat(one.description()).isEqualTo("s3://" + bucket + "/a");
            assertThat(other.description()).isEqualTo("s3://" + bucket + "/ab");
        }
    }

    @Test
    void a_bucket_that_cannot_be_used_is_told_at_once() {
        assertThatThrownBy(() -> S3Stores.open(server.endpoint(), "s3://no-such-bucket/x", S3Stores.settings(),
                Clock.systemUTC())).isInstanceOf(StoreException.class).hasMessageContaining("there is no bucket");
        String bucket = server.newBucket();
        faults(_ -> true, new Fault.Answer(403, "AccessDenied", false), Integer.MAX_VALUE);
        assertThatThrownBy(() -> S3Stores.open(server.endpoint(), "s3://" + bucket, S3Stores.settings(),
                Clock.systemUTC())).isInstanceOf(StoreException.class).hasMessageContaining("is denied");
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3://", "s3://x", "s3://UPPER/x", "s3://bucket/a//b", "s3://bucket/a b", "s3://bucket?x",
            "s3://data--use1-az4--x-s3/p"})
    void locations_that_hold_no_store_are_refused(String location) {
        assertThatThrownBy(() -> S3Location.parse(location)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(location.contains("--x-s3") ? "directory bucket" : "is not s3://bucket/prefix");
    }
}

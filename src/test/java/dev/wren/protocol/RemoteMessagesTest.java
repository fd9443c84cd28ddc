package dev.wren.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteCall.Datum;
import dev.wren.protocol.remote.RemoteHello;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.protocol.remote.RemoteReports;
import dev.wren.protocol.remote.RemoteReports.Entry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What passes through AWS comes out as it went in, and nothing else is taken for it. */
class RemoteMessagesTest {

    private static final String ODD = "häß\u0000\u0007\ufffe\"\\\n\ud83d\ude00";

    private static RemoteInvocation invocation() {
        return new RemoteInvocation(
                new Invocation(3, "c", 12, List.of(new Invocation.Jar("ab".repeat(32), "https://jar?x=1&y"),
                        new Invocation.Jar("cd".repeat(32), "https://jar?x=2")), "fn.Mixed", "[\"ä\"]",
                        List.of("org.x"),
                        "{\"a\":\"" + "ä" + "\"}", 1L << 40, 5000),
                "t", Map.of("A", ODD), true, new RemoteInvocation.Limits(1, 2, 3, 4, 5, 6, 7), 7, 8, "https://data",
                "https://put", List.of("https://1", "https://2"), "https://queue", false,
                List.of(new RemoteCall(3, 1, "t3", new Datum.Range(1L << 33, 7)),
                        new RemoteCall(4, 2, "t4", new Datum.Link("https://4"))));
    }

    @Test
    void invocations() {
        RemoteInvocation sent = invocation();
        assertThat(RemoteInvocation.read(sent.toJson())).isEqualTo(sent);
        byte[] datum = ("\"" + ODD.replace("\"", "").replace("\\", "") + "\"").getBytes(StandardCharsets.UTF_8);
        RemoteInvocation inline = new RemoteInvocation(sent.invocation(), "t", Map.of(), false, sent.limits(), 1, 2,
                null,
                "o", List.of("a", "b"), "q", true, List.of(new RemoteCall(0, 1, "", new Datum.Inline(datum))));
        RemoteInvocation read = RemoteInvocation.read(inline.toJson());
        assertThat(((Datum.Inline) read.calls().getFirst().datum()).json()).isEqualTo(datum);
        assertThat(read.data()).isNull();
    }

    @Test
    void reports() {
        Report.Status status = new Report.Status(1, 2, 3, true, "w",
                new Output(ODD.getBytes(StandardCharsets.UTF_8), 9, 0),
                137);
        List<Entry> entries = List.of(
                new Entry.Ended(new Report(0, 1, 5, new Outcome.Success(new Value.Part(10, 20)), status), "a"),
                new Entry.Ended(new Report(1, 2, 5, new Outcome.Failure(
                        new CallError(ErrorCode.FUNCTION, "x.Y", ODD, "at " + ODD)), null), "b"),
                new Entry.Returned(2, 1, "c", ODD, true));
        RemoteReports sent = new RemoteReports(3, "t", "c", 5, "w", entries);
        byte[] json = sent.toJson();
        // What XML does not take, SQS does not.
        for (byte b : json) {
            assertThat(b).isBetween((byte) 0x20, (byte) 0x7e);
        }
        RemoteReports read = RemoteReports.read(json);
        assertThat(read.entries().subList(1, 3)).isEqualTo(entries.subList(1, 3));
        Entry.Ended first = (Entry.Ended) read.entries().getFirst();
        assertThat(first.report().outcome()).isEqualTo(new Outcome.Success(new Value.Part(10, 20)));
        assertThat(first.report().status().output().excerpt()).isEqualTo(ODD.getBytes(StandardCharsets.UTF_8));
        assertThat(first.report().status().output().logOffset()).isZero();
        assertThat(first.report().status().exitCode()).isEqualTo(137);
        int sum = entries.stream().mapToInt(RemoteReports::size).sum();
        assertThat(sum).isBetween(json.length - 100, json.length + 100);
    }

    @Test
    void hellos() {
        assertThat(RemoteHello.read(new RemoteHello(3, "25", null).toJson())).isEqualTo(new RemoteHello(3, "25", null));
        assertThat(RemoteHello.read(new RemoteHello(3, "25", "why").toJson()).trouble()).isEqualTo("why");
    }

    /** Also of a newer version: what is not known there is passed over. */
    @Test
    void names_that_are_not_known_are_passed_over() {
        RemoteReports read = RemoteReports.read(
                "{\"new\":[{\"x\":1}],\"version\":4,\"callset\":\"c\",\"send\":1,\"entries\":[{\"call\":1,\"attempt\":1,\"n\":{},\"state\":\"returned\"}]}"
                        .getBytes(StandardCharsets.UTF_8));
        assertThat(read.version()).isEqualTo(4);
        assertThat(read.entries()).hasSize(1);
    }

    @Test
    void nothing_else_is_taken_for_reports() {
        byte[] good = new RemoteReports(3, "t", "c", 5, "w", List.of(
                new Entry.Ended(
                        new Report(0, 1, 5, new Outcome.Success(new Value.Inline("1".getBytes(StandardCharsets.UTF_8))),
                                null),
                        "a")))
                .toJson();
        Random random = new Random(18);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            try {
                RemoteReports read = RemoteReports.read(bad);
                assertThat(read.entries()).allMatch(entry -> entry.call() >= 0 && entry.attempt() > 0);
            } catch (WireException _) {
                // As it should.
            }
        }
        for (String text : List.of("", "null", "[]", "{}", "{\"callset\":1}", "{\"callset\":\"c\",\"entries\":[1]}",
                "{\"callset\":\"c\",\"entries\":[{\"call\":-1,\"attempt\":1,\"state\":\"returned\"}]}",
                "{\"callset\":\"c\",\"entries\":[{\"call\":1,\"attempt\":1,\"state\":\"cancelled\"}]}")) {
            assertThatThrownBy(() -> RemoteReports.read(text.getBytes(StandardCharsets.UTF_8)))
                    .isInstanceOf(WireException.class);
        }
    }
}

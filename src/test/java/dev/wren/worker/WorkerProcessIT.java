package dev.wren.worker;

import static dev.wren.worker.WorkerPeer.returned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Outcome;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.Value;
import dev.wren.protocol.WireReader;
import dev.wren.worker.WorkerPeer.Message;
import dev.wren.worker.WorkerPeer.Told;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.assertj.core.api.Assertions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The real worker jar in a process of its own, driven over its socket. */
@Timeout(60)
class WorkerProcessIT {

    private static final Path FUNCTIONS = TestJars.functions();
    private static final String SHA256 = WorkerPeer.sha256(FUNCTIONS);

    @TempDir
    Path folder;

    private final List<WorkerPeer> started = new ArrayList<>();

    @AfterEach
    void end() throws IOException {
        for (WorkerPeer worker : started) {
            worker.close();
        }
    }

    private WorkerPeer worker(String... jvm) throws IOException {
        return worker(WorkerPeer.SETTINGS, jvm);
    }

    private WorkerPeer worker(WorkerSettings settings, String... jvm) throws IOException {
        WorkerPeer worker = new WorkerPeer(folder, TestJars.worker(), settings, Map.of("FN_TEST", "set"), jvm);
        started.add(worker);
        return worker;
    }

    private static Invocation map(String handler) {
        return map("cs1", handler);
    }

    private static Invocation map(String callset, String handler, String... excludeModules) {
        return new Invocation(Protocol.VERSION, callset, 1000, jars(SHA256, FUNCTIONS.toString()), handler, "[]",
                List.of(excludeModules), "{\"who\":\"me\"}", 77, 200_000);
    }

    private static List<Invocation.Jar> jars(String sha256, String path) {
        return List.of(new Invocation.Jar(sha256, path));
    }

    private static String value(Told told) {
        return switch (told.report().outcome()) {
            case Outcome.Success(Value.Inline(byte[] json)) -> new String(json, StandardCharsets.UTF_8);
            case Outcome.Success(Value.Stored(long size)) -> "stored " + size;
            case Outcome.Success(Value.Part part) -> part.toString();
            case Outcome.Failure(CallError error) -> Assertions.fail(error.toString());
            case Outcome.Cancelled() -> Assertions.fail("cancelled");
        };
    }

    private static CallError error(Told told) {
        return told.report().outcome() instanceof Outcome.Failure(CallError error)
                ? error
                : Assertions.fail(told.report().outcome().toString());
    }

    private static Report.Status status(Told told) {
        return Objects.requireNonNull(told.report().status());
    }

    private static String excerpt(Told told) {
        return new String(status(told).output().excerpt(), StandardCharsets.UTF_8);
    }

    private static Told call(WorkerPeer worker, String callset, String handler, String datum) throws IOException {
        worker.invoke(map(callset, handler), 0, datum);
        return worker.reports(1).getFirst();
    }

    private static Told mixed(WorkerPeer worker, String datum) throws IOException {
        return call(worker, "cs1", "fn.Mixed", "\"" + datum + "\"");
    }

    private static String retiring(Message message) {
        WorkerPeer.assertKind(Frame.RETIRING, message);
        return new WireReader(message.body()).getString();
    }

    @Test
    void runs_the_calls_of_achunk_in_order() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(map("fn.Square"), 5, "1", "-2", "\"3\"", "46341", "null", "12");

        List<Told> told = worker.reports(6);

        assertThat(told).extracting(t -> t.report().call()).containsExactly(5, 6, 7, 8, 9, 10);
        assertThat(value(told.get(0))).isEqualTo("1");
        assertThat(value(told.get(1))).isEqualTo("4");
        assertThat(error(told.get(2)).code()).isEqualTo(ErrorCode.RUNTIME);
        assertThat(error(told.get(3)).code()).isEqualTo(ErrorCode.FUNCTION);
        assertThat(error(told.get(3)).type()).isEqualTo("java.lang.ArithmeticException");
        assertThat(error(told.get(3)).stackTrace()).contains("at fn.Square.apply").doesNotContain("dev.wren");
        assertThat(error(told.get(4)).type()).isEqualTo("java.lang.NullPointerException");
        assertThat(value(told.get(5))).isEqualTo("144");
        assertThat(told).extracting(t -> status(t).runtimeCached()).containsExactly(false, true, true, true, true,
                true);
        assertThat(status(told.get(0)).setupNanos()).isPositive();
        assertThat(status(told.get(1)).setupNanos()).isZero();
        assertThat(status(call(worker, "cs2", "fn.Square", "2")).runtimeCached()).isTrue();
        assertThat(worker.progress.read().call()).isEqualTo(Progress.IDLE);
    }

    @Test
    void shares_statics_between_handlers_of_one_jar() throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(call(worker, "cs1", "fn.Counter", "1"))).isEqualTo("1");
        assertThat(value(call(worker, "cs1", "fn.Square", "3"))).isEqualTo("9");
        assertThat(value(call(worker, "cs2", "fn.Counter", "1"))).isEqualTo("2");
        assertThat(value(call(worker, "cs2", "fn.Env", "\"FN_TEST\""))).isEqualTo("\"set\"");
    }

    @Test
    void tells_afunction_of_its_call() throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(call(worker, "cs1", "fn.Told", "7"))).isEqualTo(
                "{\"callsetId\":\"cs1\",\"callId\":\"00000\",\"extraMeta\":{\"who\":\"me\"},\"datum\":7}");
        assertThat(value(call(worker, "cs1", "fn.Methods::told", "\"x\""))).contains("\"callId\":\"00000\"",
                "\"name\":\"x\"");
        assertThat(value(call(worker, "cs1", "fn.Methods::request", "\"x\""))).isEqualTo("\"x cs1/00000\"");
        Told told = call(worker, "cs1", "fn.Lambda", "{\"a\":1,\"b\":2}");
        assertThat(value(told)).contains("\"sum\":3", "\"request\":\"cs1/00000\"", "\"inTime\":true");
        assertThat(excerpt(told)).isEqualTo("hello\n");
    }

    @Test
    void gives_back_what_has_not_begun_while_acall_runs() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(map("fn.Sleep"), 0, "0", "1500", "0", "0");
        // The first is reported while its successor sleeps.
        assertThat(worker.reports(1).getFirst().report().call()).isZero();
        // The report goes out before the successor begins; recalled in between, it would come back as well.
        Awaitility.await().until(() -> worker.progress.read().call() == 1);
        worker.recall();
        assertThat(returned(worker.next())).containsExactly(2, 3);
        worker.recall();
        assertThat(returned(worker.next())).isEmpty();
        assertThat(worker.progress.read().call()).isEqualTo(1);
        assertThat(worker.reports(1).getFirst().report().call()).isEqualTo(1);
        assertThat(value(call(worker, "cs1", "fn.Square", "3"))).isEqualTo("9");
    }

    @Test
    void neither_loses_nor_doubles_acall_when_it_is_recalled() throws Exception {
        WorkerPeer worker = worker();
        String[] data = new String[2000];
        Arrays.fill(data, "3");
        for (int round = 0; round < 20; round++) {
            worker.invoke(map("fn.Square"), 0, data);
            List<Integer> seen = new ArrayList<>();
            worker.reports(1).forEach(t -> seen.add(t.report().call()));
            worker.recall();
            boolean answered = false;
            while (!answered || seen.size() < data.length) {
                Message message = worker.next();
                if (message.kind() == Frame.RETURNED) {
                    answered = true;
                    seen.addAll(returned(message));
                } else {
                    WorkerPeer.reports(message).forEach(t -> seen.add(t.report().call()));
                }
            }
            assertThat(seen).containsExactlyInAnyOrderElementsOf(IntStream.range(0, data.length).boxed().toList());
        }
    }

    @ParameterizedTest
    @CsvSource({"exit 3, 3", "exit 0, 0", "exit-elsewhere 5, 5", "halt 7, 7", "kill, 137", "crash, 134"})
    void the_progress_file_tells_which_call_ended_the_process(String behaviour, int exitCode) throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(map("fn.Mixed"), 40, "\"square 2\"", "\"sleep 20\"", "\"print last words\"",
                "\"" + behaviour + "\"", "\"square 3\"");
        List<Integer> reported = new ArrayList<>();
        try {
            while (true) {
                reported.add(worker.reports(1).getFirst().report().call());
            }
        } catch (EOFException | SocketException e) {
            // The process has ended.
        }
        assertThat(worker.exitCode()).isEqualTo(exitCode);
        assertThat(worker.progress.read().call()).isEqualTo(43);
        // What a process has not sent when it crashes, it cannot send; an exit leaves it time.
        if (behaviour.startsWith("exit")) {
            assertThat(reported).containsExactly(40, 41, 42);
        }
    }

    @Test
    void ends_with_its_gateway_even_while_afunction_runs() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(map("fn.Mixed"), 0, "\"square 2\"", "\"busy\"");
        worker.reports(1);
        worker.hangUp();
        assertThat(worker.exitCode()).isZero();
    }

    @Test
    void keeps_what_acall_wrote_wherever_it_came_from() throws Exception {
        WorkerPeer worker = worker();
        assertThat(excerpt(mixed(worker, "print-native"))).isEqualTo("one two three four five");
        assertThat(excerpt(mixed(worker, "square 2"))).isEmpty();
        assertThat(excerpt(mixed(worker, "print-error oops"))).isEqualTo("oops\n");
        assertThat(excerpt(mixed(worker, "print-bytes"))).isEqualTo("a\ufffd\ufffdb\ufffd");
        assertThat(excerpt(mixed(worker, "close-out"))).isEqualTo("before\nafter\nlong after\n");
        assertThat(excerpt(mixed(worker, "print again"))).isEqualTo("again\n");
        assertThat(value(mixed(worker, "read-in"))).isEqualTo("\"-1 -1 0\"");
        assertThat(Files.size(worker.output)).isZero();
    }

    @Test
    void sends_alog_that_is_too_large_for_the_report() throws Exception {
        WorkerPeer worker = worker();
        Told small = call(worker, "cs1", "fn.Print", "1024");
        assertThat(status(small).output().logSize()).isZero();
        assertThat(excerpt(small)).hasSize(1024);

        Told middle = call(worker, "cs1", "fn.Print", "16384");
        assertThat(middle.log()).hasSize(16384);
        assertThat(excerpt(middle)).startsWith("0  ").contains("[... 15360 bytes left out ...]").endsWith("  ");

        Told large = call(worker, "cs1", "fn.Print", "1000000");
        String log = new String(large.log(), StandardCharsets.UTF_8);
        assertThat(log).startsWith("0  ").contains("\n[... 983616 bytes left out ...]\n").contains("\n9999  ");
        assertThat(excerpt(large)).contains("[... 998976 bytes left out ...]").contains("\n9999  ");
        assertThat(Files.size(worker.output)).isZero();
    }

    @Test
    void sends_avalue_that_is_too_large_for_the_report() throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(call(worker, "cs1", "fn.Large", "4096"))).hasSize(4096);
        Told large = call(worker, "cs1", "fn.Large", "1048576");
        assertThat(value(large)).isEqualTo("stored 1048576");
        assertThat(new String(large.value(), StandardCharsets.UTF_8)).startsWith("\"xx").endsWith("x\"")
                .hasSize(1048576);
        assertThat(error(call(worker, "cs1", "fn.Large", "1048577")).message()).contains("1048576");
        assertThat(error(mixed(worker, "endless")).code()).isEqualTo(ErrorCode.RUNTIME);
        worker.invoke(map("fn.Methods::twice"), 0, "1", "2");
        assertThat(worker.reports(2)).extracting(WorkerProcessIT::value).containsExactly("2", "4");
    }

    @Test
    void retires_when_afunction_leaves_athread_behind() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(map("fn.Mixed"), 0, "\"leave-daemon\"", "\"square 2\"", "\"leave-thread\"", "\"square 3\"",
                "\"square 4\"");
        List<Integer> back = new ArrayList<>();
        int reported = 0;
        Message message = worker.next();
        for (; message.kind() != Frame.RETIRING; message = worker.next()) {
            if (message.kind() == Frame.RETURNED) {
                back.addAll(returned(message));
            } else {
                reported += WorkerPeer.reports(message).size();
            }
        }
        assertThat(retiring(message)).contains("left-behind");
        assertThat(reported).isGreaterThanOrEqualTo(3);
        assertThat(reported + back.size()).isEqualTo(5);
        worker.invoke(map("fn.Square"), 0, "1", "2");
        assertThat(returned(worker.next())).containsExactly(0, 1);
    }

    @Test
    void retires_after_running_out_of_memory() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(map("fn.Mixed"), 0, "\"square 2\"", "\"out-of-memory\"", "\"square 3\"");
        List<Told> told = worker.reports(2);
        assertThat(error(told.get(1)).code()).isEqualTo(ErrorCode.FUNCTION);
        assertThat(error(told.get(1)).type()).isEqualTo("java.lang.OutOfMemoryError");
        assertThat(returned(worker.next())).containsExactly(2);
        assertThat(retiring(worker.next())).contains("memory");
    }

    @ParameterizedTest
    @CsvSource({"leave-provider, providers", "leave-authenticator, java.net"})
    void retires_between_callsets_when_what_was_changed_cannot_be_set_back(String behaviour, String reason)
            throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(mixed(worker, behaviour))).isEqualTo("true");
        assertThat(value(mixed(worker, "square 2"))).isEqualTo("4");
        worker.invoke(map("cs2", "fn.Square"), 0, "1", "2");
        assertThat(returned(worker.next())).containsExactly(0, 1);
        assertThat(retiring(worker.next())).contains(reason);
    }

    @Test
    void sets_back_between_callsets_what_afunction_changed() throws Exception {
        WorkerPeer worker = worker();
        String before = value(mixed(worker, "see-locale"));
        mixed(worker, "leave-locale");
        mixed(worker, "leave-file");
        assertThat(value(mixed(worker, "see-locale"))).startsWith("\"tr_TR Asia/Tokyo yes false true fn.Mixed");
        assertThat(value(mixed(worker, "see-files"))).isEqualTo("1");
        mixed(worker, "leave-streams");
        assertThat(excerpt(mixed(worker, "print unseen"))).isEmpty();

        assertThat(value(call(worker, "cs2", "fn.Mixed", "\"see-locale\""))).isEqualTo(before)
                .endsWith(" null true true null\"");
        assertThat(value(call(worker, "cs2", "fn.Mixed", "\"see-files\""))).isEqualTo("0");
        assertThat(excerpt(call(worker, "cs2", "fn.Mixed", "\"print seen\""))).isEqualTo("seen\n");
    }

    @Test
    void outlives_afunction_that_keeps_interrupting() throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(mixed(worker, "leave-interrupter"))).isEqualTo("true");
        String[] data = new String[20_000];
        Arrays.fill(data, "3");
        worker.invoke(map("fn.Square"), 0, data);
        assertThat(worker.reports(data.length)).hasSize(data.length);
    }

    @ParameterizedTest
    @CsvSource({"throw boo, FUNCTION, java.lang.IllegalStateException, boo",
            "throw-checked boo, FUNCTION, java.io.IOException, boo",
            "throw-cause, FUNCTION, java.lang.IllegalStateException, outer",
            "throw-error boo, FUNCTION, java.lang.AssertionError, boo",
            "throw-circle, FUNCTION, java.lang.IllegalStateException, a",
            "throw-hostile, FUNCTION, fn.Mixed$HostileException, getMessage threw",
            "throw-thread-death, FUNCTION, java.lang.ThreadDeath, ''",
            "stack-overflow, FUNCTION, java.lang.StackOverflowError, ''",
            "to-string, FUNCTION, java.lang.StackOverflowError, ''",
            "missing-class, FUNCTION, java.lang.ClassNotFoundException, no.such.Class", "nan, RUNTIME,, NaN",
            "infinity, RUNTIME,, -Infinity", "nan-array, RUNTIME,, NaN", "nan-floats, RUNTIME,, Infinity",
            "nan-record, RUNTIME,, NaN", "cycle, RUNTIME,, depth", "cycle-bean, RUNTIME,, cycle",
            "deep 1001, RUNTIME,, depth", "surrogate, RUNTIME,, surrogate", "surrogate-low, RUNTIME,, surrogate",
            "surrogate-key, RUNTIME,, surrogate", "huge 2000000, RUNTIME,, limit", "endless, RUNTIME,, limit",
            "bad-getter, RUNTIME, java.lang.IllegalStateException, getter"})
    void says_what_went_wrong(String behaviour, ErrorCode code, String type, String message) throws Exception {
        WorkerPeer worker = worker();
        CallError error = error(mixed(worker, behaviour));
        assertThat(error.code()).isEqualTo(code);
        assertThat(error.type()).isEqualTo(type);
        assertThat(error.message()).contains(message);
        assertThat(value(mixed(worker, "square 3"))).isEqualTo("9");
    }

    @Test
    void runs_two_hundred_mixed_calls() throws Exception {
        WorkerPeer worker = worker();
        String[] behaviours = {"square 7", "throw boo", "nan", "print hi", "emoji x", "deep 900", "interrupt",
                "stack-overflow", "print-bytes", "null"};
        String[] data = IntStream.range(0, 200).mapToObj(i -> "\"" + behaviours[i % 10] + "\"").toArray(String[]::new);
        worker.invoke(map("fn.Mixed"), 0, data);
        List<Told> told = worker.reports(200);
        assertThat(told).extracting(t -> t.report().call())
                .containsExactlyElementsOf(IntStream.range(0, 200).boxed().toList());
        for (int i = 0; i < 200; i += 10) {
            assertThat(value(told.get(i))).isEqualTo("49");
            assertThat(excerpt(told.get(i + 3))).isEqualTo("hi\n");
            assertThat(value(told.get(i + 4))).isEqualTo("\"x\ud83d\ude00\"");
            assertThat(value(told.get(i + 9))).isEqualTo("null");
        }
    }

    @ParameterizedTest
    @CsvSource({"fn.NoSuch, fn.NoSuch", "fn.Alone, not public", "fn.Unfinished, abstract",
            "fn.PrivateConstructor, constructor", "fn.Points$Point, neither",
            "fn.BadConstructor, no luck", "fn.BadInitialiser, nonsense", "fn.BadInitialiser::method, nonsense",
            "fn.Methods::same, 2 public methods", "fn.Methods::none, 0 parameters", "fn.Methods::three, 3 parameters",
            "fn.Methods::hidden, no public method", "fn.Methods::wrongSecond, second parameter"})
    void a_function_that_cannot_be_made_ready_fails_each_call(String handler, String message) throws Exception {
        WorkerPeer worker = worker();
        for (int round = 0; round < 2; round++) {
            worker.invoke(map(handler), 0, "1", "2");
            List<Told> told = worker.reports(2);
            assertThat(told).allSatisfy(t -> {
                assertThat(error(t).code()).isEqualTo(ErrorCode.RUNTIME);
                assertThat(error(t).message()).contains(message);
                assertThat(status(t).runtimeCached()).isFalse();
            });
            assertThat(excerpt(told.getFirst())).isEqualTo(handler.equals("fn.BadConstructor") ? "constructing\n" : "");
        }
    }

    @Test
    void does_not_run_ajar_that_is_not_the_one_asked_for() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(new Invocation(Protocol.VERSION, "cs1", 1, jars("0".repeat(64), FUNCTIONS.toString()),
                "fn.Square", "[]",
                List.of(), "{}", 1, 1000), 0, "1");
        CallError changed = error(worker.reports(1).getFirst());
        assertThat(changed.code()).isEqualTo(ErrorCode.RUNTIME);
        assertThat(changed.message()).contains(SHA256);
        worker.invoke(
                new Invocation(Protocol.VERSION, "cs1", 1, jars(SHA256, "/no/such.jar"), "fn.Square", "[]", List.of(),
                        "{}", 1,
                        1000),
                0, "1");
        CallError missing = error(worker.reports(1).getFirst());
        assertThat(missing.code()).isEqualTo(ErrorCode.RUNTIME);
        assertThat(missing.message()).contains("/no/such.jar");
    }

    @Test
    void a_class_that_is_missing_because_it_is_excluded_is_the_functions_failure() throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(call(worker, "cs1", "fn.UsesOther", "1"))).isEqualTo("\"part 1\"");
        for (String handler : List.of("fn.UsesOther", "fn.ExtendsOther")) {
            worker.invoke(map("cs1", handler, "fn.other"), 0, "1");
            CallError error = error(worker.reports(1).getFirst());
            assertThat(error.code()).isEqualTo(ErrorCode.FUNCTION);
            assertThat(error.message()).contains("Part");
        }
    }

    @Test
    void answers_another_version_with_wrong_version() throws Exception {
        WorkerPeer worker = worker();
        worker.invoke(
                new Invocation(99, "cs1", 10, jars(SHA256, FUNCTIONS.toString()), "fn.Square", "[]", List.of(), "{}", 1,
                        1000),
                3, "1", "2");
        assertThat(worker.reports(2)).allSatisfy(t -> assertThat(error(t).code()).isEqualTo(ErrorCode.WRONGVERSION));
        assertThat(value(call(worker, "cs1", "fn.Square", "3"))).isEqualTo("9");
    }

    @Test
    void sees_nothing_of_the_worker() throws Exception {
        WorkerPeer worker = worker();
        assertThat(value(call(worker, "cs1", "fn.Loaders", "\"tools.jackson.databind.ObjectMapper\"")))
                .isEqualTo("\"none\"");
        assertThat(value(call(worker, "cs1", "fn.Loaders", "\"dev.wren.worker.WorkerMain\""))).isEqualTo("\"none\"");
        assertThat(value(call(worker, "cs1", "fn.Loaders", "\"fn.Square\""))).isEqualTo("null");
        assertThat(value(call(worker, "cs1", "fn.Loaders", "\"java.sql.Connection\""))).isEqualTo("\"platform\"");
        assertThat(value(call(worker, "cs1", "fn.Loaders::contextLoaderIsMine", "1"))).isEqualTo("true");
    }

    @Test
    void a_jar_may_bring_its_own_version_of_the_json_library() throws Exception {
        Path jar = TestJars.withOtherJackson(folder);
        WorkerPeer worker = worker();
        worker.invoke(new Invocation(Protocol.VERSION, "cs1", 1, jars(WorkerPeer.sha256(jar), jar.toString()),
                "own.UsesJackson", "[]", List.of(), "{}", 1, 1000), 0, "{\"b\":[1,2]}");
        assertThat(value(worker.reports(1).getFirst()))
                .isEqualTo("\"" + TestJars.OTHER_JACKSON + " {\\\"b\\\":[1,2]}\"");
    }

    @Test
    void training_ends_well() throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                TestJars.worker().toString(), "train").redirectErrorStream(true).start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void wrong_arguments_are_explained() throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                TestJars.worker().toString(), "local", "--folder").redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(64);
        assertThat(said).contains("usage:");
    }
}

package dev.wren.worker;

import dev.wren.AotCache;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Frame.Hello;
import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.Report;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The gateway's side of a worker, as thin as can be: a real worker process, and messages in both directions. */
final class WorkerPeer implements AutoCloseable {

    static final WorkerSettings SETTINGS = new WorkerSettings("w1", 4096, 1 << 20, 1024, 16 << 10, 1000);
    private static final long PATIENCE_SECONDS = 30;

    /** Also for its training: a cache of other options does not fit. */
    private static final List<String> JVM = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED");

    /** The worker's own folder. */
    final Path own;
    final Path output;
    final Path cwd;
    final Progress progress;
    final Process process;
    private final ServerSocketChannel server;
    private final SocketChannel channel;

    private static Path cache(Path workerJar) {
        return AotCache.by(workerJar, "worker-peer", cache -> Stream.concat(JVM.stream(),
                Stream.of("-XX:AOTCacheOutput=" + cache, "-jar", workerJar.toString(), "train")).toList());
    }

    WorkerPeer(Path folder, Path workerJar, WorkerSettings settings, Map<String, String> environment, String... jvm)
            throws IOException {
        own = Files.createDirectory(folder.resolve("w"));
        Path socket = own.resolve("socket");
        output = Files.createFile(own.resolve("output"));
        cwd = Files.createDirectory(own.resolve("cwd"));
        progress = Progress.open(own.resolve("progress"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(JVM);
        command.addAll(List.of("-Xmx128m", "-XX:AOTCache=" + cache(workerJar)));
        command.addAll(List.of(jvm));
        command.addAll(List.of("-jar", workerJar.toString(), "local", "--folder", own.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).directory(cwd.toFile())
                .redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().putAll(environment);
        process = builder.start();
        server.configureBlocking(false);
        channel = accept();
        Message hello = next();
        assertKind(Frame.HELLO, hello);
        if (Hello.read(new WireReader(hello.body)).protocolVersion() != Protocol.VERSION) {
            throw new AssertionError("wrong version");
        }
        WireWriter out = new WireWriter(256);
        int start = Frame.WELCOME.begin(out);
        settings.write(out);
        Frame.end(out, start);
        out.drainTo(channel);
    }

    @SuppressWarnings("ArrayRecordComponent")
    record Message(Frame kind, byte[] body) {
    }

    /** What a worker said of one call, with what was too large for its report. */
    @SuppressWarnings("ArrayRecordComponent")
    record Told(Report report, byte[] log, byte[] value) {
    }

    private SocketChannel accept() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            SocketChannel accepted = server.accept();
            if (accepted != null) {
                return accepted;
            }
            if (System.nanoTime() > end || !process.isAlive()) {
                throw new AssertionError("no worker: " + Files.readString(output));
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** Sends a chunk: the calls from {@code first} on, one a datum. */
    void invoke(Invocation invocation, int first, String... data) throws IOException {
        WireWriter out = new WireWriter(1024);
        int start = Frame.INVOKE.begin(out);
        invocation.write(out);
        out.putInt(data.length);
        for (int i = 0; i < data.length; i++) {
            out.putInt(first + i);
            out.putInt(1);
            out.putString(data[i]);
        }
        Frame.end(out, start);
        out.drainTo(channel);
    }

    void recall() throws IOException {
        WireWriter out = new WireWriter(16);
        Frame.end(out, Frame.RECALL.begin(out));
        out.drainTo(channel);
    }

    /** The next message; an error when the worker has gone. */
    Message next() throws IOException {
        ByteBuffer header = read(Frame.HEADER);
        int length = header.getInt();
        Frame kind = Frame.of(header.get());
        return new Message(kind, read(length - 1).array());
    }

    private ByteBuffer read(int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the worker has gone: " + Files.readString(output));
            }
        }
        return bytes.flip();
    }

    /** Reads reports until there are {@code count}. */
    List<Told> reports(int count) throws IOException {
        List<Told> all = new ArrayList<>();
        while (all.size() < count) {
            all.addAll(reports(next()));
        }
        return all;
    }

    /** The reports of a message that has some. */
    static List<Told> reports(Message message) {
        WireReader in = new WireReader(message.body);
        List<Told> all = new ArrayList<>();
        if (message.kind == Frame.LARGE_REPORT) {
            in.getInt();
            Report report = Report.read(in);
            int logSize = Math.toIntExact(report.status() == null ? 0 : report.status().output().logSize());
            byte[] log = Arrays.copyOfRange(message.body, in.position(), in.position() + logSize);
            byte[] value = Arrays.copyOfRange(message.body, in.position() + logSize, message.body.length);
            all.add(new Told(report, log, value));
        } else {
            assertKind(Frame.REPORTS, message);
            while (in.remaining() > 0) {
                all.add(new Told(Report.read(in), new byte[0], new byte[0]));
            }
        }
        return all;
    }

    /** The indexes of a message that gives calls back. */
    static List<Integer> returned(Message message) {
        assertKind(Frame.RETURNED, message);
        WireReader in = new WireReader(message.body);
        List<Integer> calls = new ArrayList<>();
        for (int n = in.getInt(); n > 0; n--) {
            calls.add(in.getInt());
        }
        return calls;
    }

    static void assertKind(Frame kind, Message message) {
        if (message.kind != kind) {
            throw new AssertionError(message.kind + " instead of " + kind + ": "
                    + new String(message.body, StandardCharsets.UTF_8));
        }
    }

    /** Goes away, as a gateway does that dies. */
    void hangUp() throws IOException {
        channel.close();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the worker still runs");
        }
        return process.exitValue();
    }

    static String sha256(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        server.close();
        process.destroyForcibly();
    }
}

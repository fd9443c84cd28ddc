package dev.wren.gateway.executor.local;

import dev.wren.gateway.jar.LocalJar;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * A child JVM and the connection to it. Messages are written by any thread, and read by the one that runs a chunk on
 * it. Whoever holds it closes it.
 */
final class WorkerProcess implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkerProcess.class);
    private static final int READ_BUFFER = 1 << 16;
    private static final long EXIT_SECONDS = 5;

    private final String id;
    private final Path folder;
    private final Path output;
    private final Process process;
    private final SocketChannel channel;
    private final DataInputStream in;
    private final Progress progress;
    private @Nullable RuntimeKey key;
    private @Nullable LocalJar jar;
    private @Nullable Path copy;

    private WorkerProcess(String id, Path folder, Path output, Process process, SocketChannel channel,
            DataInputStream in, Progress progress) {
        this.id = id;
        this.folder = folder;
        this.output = output;
        this.process = process;
        this.channel = channel;
        this.in = in;
        this.progress = progress;
    }

    /**
     * Starts a worker and waits until it presents itself.
     *
     * @param folder is made, and is the worker's own; it removes it where the gateway is gone
     * @param environment all variables that it gets
     * @param user of the operating system that it runs as; null: the gateway's own
     * @throws IOException when it does not start within {@code timeout}; its output is in the message
     */
    static WorkerProcess start(List<String> command, Path folder, Map<String, String> environment,
            @Nullable String user, Frame.WorkerSettings settings, Duration timeout) throws IOException {
        Files.createDirectory(folder,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path work = Files.createDirectory(folder.resolve("work"));
        Path output = Files.createFile(folder.resolve("output"));
        Path socket = folder.resolve("socket");
        Process process = null;
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Progress progress = Progress.open(folder.resolve("progress"));
            List<String> full = new ArrayList<>();
            if (user != null) {
                WorkerUsers.give(folder, user);
                full.addAll(WorkerUsers.command(user));
            }
            full.addAll(command);
            full.addAll(List.of("local", "--folder", folder.toString()));
            ProcessBuilder builder = new ProcessBuilder(full).directory(work.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                    .redirectErrorStream(true);
            builder.environment().clear();
            builder.environment().putAll(environment);
            if (user != null) {
                builder.environment().put("HOME", work.toString());
            }
            process = builder.start();
            Connected connected = connect(server, process, timeout);
            WorkerProcess worker = new WorkerProcess(settings.workerId(), folder, output, process,
                    connected.channel, connected.in, progress);
            WireWriter welcome = new WireWriter(64);
            int start = Frame.WELCOME.begin(welcome);
            settings.write(welcome);
            Frame.end(welcome, start);
            worker.send(welcome);
            return worker;
        } catch (IOException | WireException e) {
            String said = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (process != null) {
                process.destroyForcibly();
            }
            FileSystemUtils.deleteRecursively(folder);
            throw new IOException("a worker JVM did not start: " + e.getMessage() + " " + said.strip(), e);
        } finally {
            Files.deleteIfExists(socket);
        }
    }

    /** A worker that has presented itself. */
    private record Connected(SocketChannel channel, DataInputStream in) {
    }

    private static Connected connect(ServerSocketChannel server, Process process, Duration timeout)
            throws IOException {
        // Closing the server from another thread ends the accept, and the end of the process what is read of it.
        Thread watch = Thread.ofVirtual().start(() -> {
            try {
                process.onExit().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException _) {
                return;
            } catch (TimeoutException | ExecutionException _) {
                process.destroyForcibly();
            }
            try {
                server.close();
            } catch (IOException e) {
                log.debug("closing the socket of a worker", e);
            }
        });
        SocketChannel channel = null;
        boolean ready = false;
        try {
            channel = server.accept();
            DataInputStream in = new DataInputStream(
                    new BufferedInputStream(Channels.newInputStream(channel), READ_BUFFER));
            Frame.Hello hello = Frame.Hello.read(new WireReader(body(in, Frame.HELLO)));
            if (hello.protocolVersion() != Protocol.VERSION) {
                throw new IOException("it speaks version " + hello.protocolVersion() + " of the protocol, and the"
                        + " gateway version " + Protocol.VERSION);
            }
            ready = true;
            return new Connected(channel, in);
        } catch (ClosedChannelException | EOFException e) {
            process.destroyForcibly();
            throw new IOException("it ended, or there was no sign of it for " + timeout.toSeconds() + " s; exit code "
                    + process.onExit().join().exitValue(), e);
        } finally {
            watch.interrupt();
            if (!ready && channel != null) {
                channel.close();
            }
        }
    }

    private static byte[] body(DataInputStream in, Frame expected) throws IOException {
        int length = in.readInt() - 1;
        Frame kind = Frame.of(in.readByte());
        if (kind != expected || length < 0 || length > 1 << 16) {
            throw new IOException("it sent " + kind + " instead of " + expected);
        }
        return in.readNBytes(length);
    }

    String id() {
        return id;
    }

    Progress progress() {
        return progress;
    }

    /** What it writes to its descriptors 1 and 2, since it began the call that runs. */
    Path output() {
        return output;
    }

    DataInputStream in() {
        return in;
    }

    /** Whom it works for; null for a spare one. */
    @Nullable
    RuntimeKey key() {
        return key;
    }

    /** From now on it works for {@code owner}, and holds {@code file} until it is closed. */
    void assign(RuntimeKey owner, LocalJar file) throws IOException {
        key = owner;
        jar = file;
        String user = owner.user();
        if (owner.callset() != null || user != null) {
            Path own = folder.resolve("function.jar");
            copy = Files.copy(file.path(), own);
            if (user != null) {
                // The cache of jars is closed to it.
                WorkerUsers.give(own, user);
            }
        }
    }

    Path jarPath() {
        LocalJar file = jar;
        if (file == null) {
            throw new IllegalStateException(id + " was not assigned");
        }
        return copy != null ? copy : file.path();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends whole messages, and forgets them. */
    void send(WireWriter messages) throws IOException {
        synchronized (channel) {
            messages.drainTo(channel);
        }
    }

    /** Asks for the calls that have not begun. */
    void recall() {
        WireWriter message = new WireWriter(Frame.HEADER);
        Frame.end(message, Frame.RECALL.begin(message));
        try {
            send(message);
        } catch (IOException e) {
            log.debug("{} is gone already", id, e);
        }
    }

    /** Ends it, and what it has started, at once. Its connection then ends too. */
    void kill() {
        try (Stream<ProcessHandle> children = process.descendants()) {
            children.forEach(ProcessHandle::destroyForcibly);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The exit code of the process that has ended or is about to: 128 and the signal for one that was killed. */
    int exitCode() throws InterruptedException {
        if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
            kill();
            process.waitFor();
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        kill();
        try {
            in.close();
            channel.close();
        } catch (IOException e) {
            log.debug("closing the connection to {}", id, e);
        }
        LocalJar file = jar;
        if (file != null) {
            file.close();
        }
        try {
            FileSystemUtils.deleteRecursively(folder);
        } catch (IOException e) {
            log.warn("{}: its folder cannot be removed: {}", id, e.getMessage());
        }
    }
}

package dev.wren.protocol.jvm;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Frame.WorkerSettings;
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
import java.nio.channels.WritableByteChannel;
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

/**
 * A JVM that runs calls, and the connection to it. Messages are written by any thread, and read by one; {@link #kill} is
 * for any.
 */
public final class WorkerJvm implements AutoCloseable {

    private static final int READ_BUFFER = 1 << 16;
    private static final int MOST_HELLO = 1 << 16;
    private static final long EXIT_SECONDS = 5;

    private final Path folder;
    private final Process process;
    private final SocketChannel channel;
    private final DataInputStream in;
    private final Progress progress;

    private WorkerJvm(Path folder, Process process, Connected connected, Progress progress) {
        this.folder = folder;
        this.process = process;
        this.channel = connected.channel;
        this.in = connected.in;
        this.progress = progress;
    }

    /**
     * Starts one, and waits until it presents itself.
     *
     * @param command the Java machine with its arguments, and the worker's main class
     * @param folder is made, and is its own; it removes it where its parent is gone
     * @param environment all variables that it gets, but for that of the folder of temporary files, which is its own
     * @param user that it runs as; null: this process's own
     * @throws IOException when it does not start within {@code timeout}; its output is in the message
     */
    public static WorkerJvm start(List<String> command, Path folder, Map<String, String> environment,
            @Nullable OtherUser user, WorkerSettings settings, Duration timeout) throws IOException {
        Files.createDirectory(folder,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path work = Files.createDirectory(folder.resolve("work"));
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Path output = Files.createFile(folder.resolve("output"));
        Path socket = folder.resolve("socket");
        Process process = null;
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Progress progress = Progress.open(folder.resolve("progress"));
            List<String> full = new ArrayList<>();
            if (user != null) {
                user.give(folder);
                full.addAll(user.command());
            }
            full.add(command.getFirst());
            full.add("-Djava.io.tmpdir=" + temporary);
            full.addAll(command.subList(1, command.size()));
            full.addAll(List.of("local", "--folder", folder.toString()));
            ProcessBuilder builder = new ProcessBuilder(full).directory(work.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                    .redirectErrorStream(true);
            builder.environment().clear();
            builder.environment().put("TMPDIR", temporary.toString());
            builder.environment().putAll(environment);
            if (user != null) {
                builder.environment().put("HOME", work.toString());
            }
            process = builder.start();
            WorkerJvm worker = new WorkerJvm(folder, process, connect(server, process, timeout), progress);
            worker.welcome(settings);
            return worker;
        } catch (IOException | WireException e) {
            String said = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (process != null) {
                process.destroyForcibly();
            }
            Folders.delete(folder);
            throw new IOException("a worker JVM did not start: " + e.getMessage() + " " + said.strip(), e);
        } finally {
            Files.deleteIfExists(socket);
        }
    }

    /** One that has presented itself. */
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
            } catch (IOException _) {
                // The accept ends in any case when the process does.
            }
        });
        SocketChannel channel = null;
        boolean ready = false;
        try {
            channel = server.accept();
            DataInputStream in = new DataInputStream(
                    new BufferedInputStream(Channels.newInputStream(channel), READ_BUFFER));
            hello(in);
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

    private static void hello(DataInputStream in) throws IOException {
        int length = in.readInt() - 1;
        Frame kind = Frame.of(in.readByte());
        if (kind != Frame.HELLO || length < 0 || length > MOST_HELLO) {
            throw new IOException("it sent " + kind + " instead of " + Frame.HELLO);
        }
        Frame.Hello hello = Frame.Hello.read(new WireReader(in.readNBytes(length)));
        if (hello.protocolVersion() != Protocol.VERSION) {
            throw new IOException("it speaks version " + hello.protocolVersion() + " of the protocol, and not version "
                    + Protocol.VERSION);
        }
    }

    private void welcome(WorkerSettings settings) throws IOException {
        WireWriter welcome = new WireWriter(64);
        int start = Frame.WELCOME.begin(welcome);
        settings.write(welcome);
        Frame.end(welcome, start);
        send(welcome);
    }

    public DataInputStream in() {
        return in;
    }

    public Progress progress() {
        return progress;
    }

    /** Its own folder. */
    public Path folder() {
        return folder;
    }

    /** What it writes to its descriptors 1 and 2, since it began the call that runs. */
    public Path output() {
        return folder.resolve("output");
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Sends whole messages, and forgets them. */
    public void send(WireWriter messages) throws IOException {
        synchronized (channel) {
            messages.drainTo(channel);
        }
    }

    /** The rest of a message, which is not in memory. */
    @FunctionalInterface
    public interface Rest {

        /** Writes all of it. */
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    /** Sends the beginning of a message, and the rest of it. What goes wrong with the rest leaves a message cut off. */
    public void send(WireWriter beginning, Rest rest) throws IOException {
        synchronized (channel) {
            beginning.drainTo(channel);
            rest.writeTo(channel);
        }
    }

    /** Ends it, and what it has started, at once. Its connection then ends too. */
    public void kill() {
        try (Stream<ProcessHandle> children = process.descendants()) {
            children.forEach(ProcessHandle::destroyForcibly);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The exit code of the process that has ended or is about to: 128 and the signal for one that was killed. */
    public int exitCode() throws InterruptedException {
        if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
            kill();
            process.waitFor();
        }
        return process.exitValue();
    }

    /**
     * Ends it, and removes its folder.
     *
     * @throws IOException if the folder cannot be removed
     */
    @Override
    public void close() throws IOException {
        kill();
        try (in; channel) {
            Folders.delete(folder);
        }
    }
}

package dev.wren.worker.process;

import dev.wren.protocol.Frame;
import dev.wren.protocol.Frame.WorkerSettings;
import dev.wren.protocol.Progress;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.WireException;
import dev.wren.protocol.WireReader;
import dev.wren.protocol.WireWriter;
import dev.wren.worker.run.WorkingFolder;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A child JVM, which runs calls as a worker of a gateway on its machine does: this process is its gateway. Messages are
 * written and read by one thread; {@link #kill} is for any.
 */
final class ChildJvm implements AutoCloseable {

    private static final int READ_BUFFER = 1 << 16;
    private static final int MOST_HELLO = 1 << 16;
    private static final long EXIT_SECONDS = 5;

    private final Path folder;
    private final Process process;
    private final SocketChannel channel;
    private final DataInputStream in;
    private final Progress progress;

    private ChildJvm(Path folder, Process process, SocketChannel channel, DataInputStream in, Progress progress) {
        this.folder = folder;
        this.process = process;
        this.channel = channel;
        this.in = in;
        this.progress = progress;
    }

    /**
     * Starts one, and waits until it presents itself.
     *
     * @param folder is made, and is its own
     * @param environment all variables that it gets
     * @throws IOException when it does not start within {@code timeoutMillis}; its output is in the message
     */
    static ChildJvm start(ChildCommand command, Path folder, Map<String, String> environment, WorkerSettings settings,
            long timeoutMillis) throws IOException {
        Files.createDirectories(folder);
        Path work = Files.createDirectory(folder.resolve("work"));
        Path output = Files.createFile(folder.resolve("output"));
        Process process = null;
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(folder.resolve("socket")));
            Progress progress = Progress.open(folder.resolve("progress"));
            ProcessBuilder builder = new ProcessBuilder(command.with("local", "--folder", folder.toString()))
                    .directory(work.toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                    .redirectErrorStream(true);
            builder.environment().clear();
            builder.environment().putAll(environment);
            process = builder.start();
            SocketChannel channel = accept(server, process, timeoutMillis);
            DataInputStream in = new DataInputStream(
                    new BufferedInputStream(Channels.newInputStream(channel), READ_BUFFER));
            ChildJvm child = new ChildJvm(folder, process, channel, in, progress);
            child.welcome(settings);
            return child;
        } catch (IOException | WireException e) {
            String said = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (process != null) {
                process.destroyForcibly();
            }
            WorkingFolder.delete(folder);
            throw new IOException("a JVM did not start: " + e.getMessage() + " " + said.strip(), e);
        }
    }

    /** Closing the server from another thread ends the accept. */
    private static SocketChannel accept(ServerSocketChannel server, Process process, long timeoutMillis)
            throws IOException {
        Thread watch = Thread.ofVirtual().start(() -> {
            try {
                process.onExit().get(timeoutMillis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException _) {
                return;
            } catch (TimeoutException | ExecutionException _) {
                process.destroyForcibly();
            }
            try {
                server.close();
            } catch (IOException e) {
                // The accept ends in any case when the process does.
            }
        });
        try {
            return server.accept();
        } finally {
            watch.interrupt();
        }
    }

    private void welcome(WorkerSettings settings) throws IOException {
        int length = in.readInt() - 1;
        Frame kind = Frame.of(in.readByte());
        if (kind != Frame.HELLO || length < 0 || length > MOST_HELLO) {
            throw new WireException("it sent " + kind + " first");
        }
        Frame.Hello hello = Frame.Hello.read(new WireReader(in.readNBytes(length)));
        if (hello.protocolVersion() != Protocol.VERSION) {
            throw new WireException("it speaks version " + hello.protocolVersion() + " of the protocol");
        }
        WireWriter welcome = new WireWriter(64);
        int start = Frame.WELCOME.begin(welcome);
        settings.write(welcome);
        Frame.end(welcome, start);
        send(welcome);
    }

    DataInputStream in() {
        return in;
    }

    Progress progress() {
        return progress;
    }

    /** What it writes to its descriptors 1 and 2, since it began the call that runs. */
    Path output() {
        return folder.resolve("output");
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Sends whole messages, and forgets them. */
    void send(WireWriter messages) throws IOException {
        messages.drainTo(channel);
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
    public void close() throws IOException {
        kill();
        try (in; channel) {
            WorkingFolder.delete(folder);
        }
    }
}

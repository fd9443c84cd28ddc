package dev.wren.gateway.executor.local;

import dev.wren.gateway.jar.LocalJar;
import dev.wren.gateway.jar.LocalJars;
import dev.wren.protocol.Frame;
import dev.wren.protocol.Progress;
import dev.wren.protocol.WireWriter;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.protocol.jvm.OtherUser;
import dev.wren.protocol.jvm.WorkerJvm;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker JVM, with the callset, or tenant, that it works for. Messages are written by any thread, and read by the one that
 * runs a chunk on it. Whoever holds it closes it.
 */
final class WorkerProcess implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkerProcess.class);

    private final String id;
    private final WorkerJvm jvm;
    private @Nullable RuntimeKey key;
    private @Nullable LocalJars jars;
    private List<Path> paths = List.of();

    private WorkerProcess(String id, WorkerJvm jvm) {
        this.id = id;
        this.jvm = jvm;
    }

    /** Starts a worker and waits until it presents itself; see {@link WorkerJvm#start}. */
    static WorkerProcess start(List<String> command, Path folder, Map<String, String> environment,
            @Nullable OtherUser user, Frame.WorkerSettings settings, Duration timeout) throws IOException {
        return new WorkerProcess(settings.workerId(),
                WorkerJvm.start(command, folder, environment, user, settings, timeout));
    }

    String id() {
        return id;
    }

    Progress progress() {
        return jvm.progress();
    }

    /** What it writes to its descriptors 1 and 2, since it began the call that runs. */
    Path output() {
        return jvm.output();
    }

    DataInputStream in() {
        return jvm.in();
    }

    /** What it works for; null for a spare one. */
    @Nullable
    RuntimeKey key() {
        return key;
    }

    /** From now on it works for {@code owner}, and holds {@code files} until it is closed. */
    void assign(RuntimeKey owner, LocalJars files) throws IOException {
        key = owner;
        jars = files;
        paths = files.jars().stream().map(LocalJar::path).toList();
        OtherUser user = owner.user();
        if (owner.callset() != null || user != null) {
            List<Path> copies = new ArrayList<>(paths.size());
            for (Path path : paths) {
                Path own = jvm.folder().resolve("function-" + copies.size() + ".jar");
                copies.add(own);
                for (Path made : ClassPath.copy(path, own)) {
                    if (user != null) {
                        // The cache of jars is closed to it.
                        user.give(made);
                    }
                }
            }
            paths = copies;
        }
    }

    /** Where it finds the class path. */
    List<String> jarPaths() {
        if (jars == null) {
            throw new IllegalStateException(id + " was not assigned");
        }
        return paths.stream().map(Path::toString).toList();
    }

    boolean isAlive() {
        return jvm.isAlive();
    }

    /** Sends whole messages, and forgets them. */
    void send(WireWriter messages) throws IOException {
        jvm.send(messages);
    }

    /** Sends the beginning of a message, and the rest of it. */
    void send(WireWriter beginning, WorkerJvm.Rest rest) throws IOException {
        jvm.send(beginning, rest);
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
        jvm.kill();
    }

    /** The exit code of the process that has ended or is about to: 128 and the signal for one that was killed. */
    int exitCode() throws InterruptedException {
        return jvm.exitCode();
    }

    @Override
    public void close() {
        try {
            jvm.close();
        } catch (IOException e) {
            log.warn("{}: its folder cannot be removed: {}", id, e.getMessage());
        }
        LocalJars file = jars;
        if (file != null) {
            file.close();
        }
    }
}

package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.InstancePool.RefusedException;
import dev.wren.gateway.executor.InstancePool.WrongLaunchException;
import dev.wren.gateway.executor.WorkerJar;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreLinks;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Builds of the worker that instances run: {@code builds/<commit>/wren-worker.jar} in the store, and
 * {@code builds/branches/<branch>}, whose content is a commit. The gateway's own build is published by itself. Safe for use
 * by several threads.
 */
final class Builds {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._=-]{1,128}");
    private static final int MOST_NAME = 200;
    /** In the time that it takes until an instance has started. */
    private static final Duration VALID = Duration.ofHours(6);

    private final ObjectStore store;
    private final Map<String, String> digests = new ConcurrentHashMap<>();
    private volatile @Nullable String own;

    Builds(ObjectStore store) {
        this.store = store;
    }

    /**
     * A build.
     *
     * @param url by which it can be read for a while
     */
    record Build(String commit, String sha256, String url) {
    }

    /**
     * The build that is asked for; the commit wins over the branch, and with neither it is the gateway's own.
     *
     * @throws WrongLaunchException if there is no such build
     */
    Build find(@Nullable String commit, @Nullable String branch) {
        String wanted;
        if (commit != null) {
            wanted = checked("gitCommit", commit);
        } else if (branch != null) {
            String name = checked("gitBranch", branch.replace("/", "=2F"));
            wanted = store.read(ObjectKeys.buildBranch(name), 0, MOST_NAME)
                    .map(bytes -> new String(bytes, StandardCharsets.UTF_8).strip())
                    .filter(text -> NAME.matcher(text).matches())
                    .orElseThrow(() -> new WrongLaunchException("gitBranch",
                            "There is no build of this branch: the store has no " + ObjectKeys.buildBranch(name)
                                    + " that names a commit."));
        } else {
            wanted = publishOwn();
        }
        StoreLinks links = store.links()
                .orElseThrow(() -> new RefusedException("NoLinks", "instances need a store on S3"));
        return new Build(wanted, digests.computeIfAbsent(wanted, name -> digest(name, commit)),
                links.get(ObjectKeys.build(wanted), VALID));
    }

    private static String checked(String field, String name) {
        if (!NAME.matcher(name).matches() || name.startsWith(".")) {
            throw new WrongLaunchException(field,
                    "1 to 128 letters, digits and . _ - =, not a dot first; a / in a branch is allowed.");
        }
        return name;
    }

    private String digest(String commit, @Nullable String asked) {
        byte[] bytes = store.get(ObjectKeys.build(commit))
                .orElseThrow(() -> new WrongLaunchException(asked != null ? "gitCommit" : "gitBranch",
                        "There is no build of this commit: the store has no " + ObjectKeys.build(commit) + "."))
                .bytes();
        return Sha256.hex(Sha256.digest().digest(bytes));
    }

    private String publishOwn() {
        String known = own;
        if (known == null) {
            try {
                byte[] bytes = WorkerJar.bytes();
                known = Sha256.hex(Sha256.digest().digest(bytes));
                digests.put(known, known);
                boolean _ = store.putIfAbsent(ObjectKeys.build(known), bytes);
                own = known;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return known;
    }
}

package dev.wren.gateway;

import dev.wren.gateway.store.s3.S3Server;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a test's gateway has its store: a folder or, with {@code test.wren.store=s3}, a prefix of the folder's name on a
 * stand-in for S3.
 */
final class TestStore {

    private static final boolean ON_S3 = "s3".equals(System.getProperty("test.wren.store"));
    private static @Nullable S3Server server;
    private static String bucket = "";

    private TestStore() {
    }

    /** The stand-in, for all tests of this JVM. */
    static synchronized S3Server s3() {
        S3Server started = server;
        if (started == null) {
            started = S3Server.start();
            bucket = started.newBucket();
            server = started;
        }
        return started;
    }

    /** Settings of a gateway with its store there. */
    static List<String> settings(Path folder) {
        return ON_S3 ? onS3(folder) : List.of("--wren.store=" + folder);
    }

    /** The same, on the stand-in in any case. */
    static List<String> onS3(Path folder) {
        S3Server there = s3();
        String prefix = folder.toString().replaceAll("[^A-Za-z0-9]+", "-").replaceAll("^-", "");
        return Stream.concat(Stream.of(there.settings("s3://" + bucket + "/" + prefix)),
                // Killed gateways are followed by others soon.
                Stream.of("--wren.dispatch.lease=2s")).toList();
    }
}

package dev.wren.gateway;

import dev.wren.gateway.store.s3.S3Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

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

    /** Whether the stores of this run are on S3. */
    static boolean isOnS3() {
        return ON_S3;
    }

    /** The keys of all stored objects that begin so; what comes and goes meanwhile may be there or not. */
    static List<String> keys(Path folder, String prefix) {
        return ON_S3 ? keysOnS3(folder, prefix) : keysInFolder(folder, prefix);
    }

    static List<String> keysOnS3(Path folder, String prefix) {
        try (S3Client client = s3().client()) {
            return client.listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix(folder) + "/" + prefix))
                    .contents().stream().map(each -> each.key().substring(prefix(folder).length() + 1)).toList();
        }
    }

    private static List<String> keysInFolder(Path folder, String prefix) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString())
                    .filter(key -> key.startsWith(prefix)).toList();
        } catch (NoSuchFileException _) {
            return List.of();
        } catch (UncheckedIOException e) {
            // Something went while the folder was walked.
            return keysInFolder(folder, prefix);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bytes of an object on the stand-in. */
    static byte[] bytesOnS3(Path folder, String key) {
        try (S3Client client = s3().client()) {
            return client.getObjectAsBytes(get -> get.bucket(bucket).key(prefix(folder) + "/" + key)).asByteArray();
        }
    }

    /** What is stored. */
    static String read(Path folder, String key) {
        try {
            if (!ON_S3) {
                return Files.readString(folder.resolve(key));
            }
            try (S3Client client = s3().client()) {
                return client.getObjectAsBytes(get -> get.bucket(bucket).key(prefix(folder) + "/" + key))
                        .asUtf8String();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stores something, whatever is there. */
    static void write(Path folder, String key, String text) {
        try {
            if (!ON_S3) {
                Files.writeString(folder.resolve(key), text);
                return;
            }
            writeOnS3(folder, key, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void writeOnS3(Path folder, String key, String text) {
        writeOnS3(folder, key, text.getBytes(StandardCharsets.UTF_8));
    }

    static void writeOnS3(Path folder, String key, byte[] bytes) {
        try (S3Client client = s3().client()) {
            client.putObject(put -> put.bucket(bucket).key(prefix(folder) + "/" + key), RequestBody.fromBytes(bytes));
        }
    }

    /** Files in which a gateway of this process keeps what is not a whole object yet. */
    static List<Path> unfinished(Path folder) {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> roots = ON_S3
                ? Files.list(temporary).filter(each -> each.getFileName().toString()
                        .startsWith("wren-s3-" + ProcessHandle.current().pid() + "-"))
                : Stream.of(folder.resolve(".wren/tmp"))) {
            List<Path> found = new ArrayList<>();
            for (Path root : roots.toList()) {
                try (Stream<Path> files = Files.list(root)) {
                    files.forEach(found::add);
                }
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String prefix(Path folder) {
        return folder.toString().replaceAll("[^A-Za-z0-9]+", "-").replaceAll("^-", "");
    }

    /** Settings of a gateway with its store there. */
    static List<String> settings(Path folder) {
        return ON_S3 ? onS3(folder) : List.of("--wren.store=" + folder);
    }

    /** The same, on the stand-in in any case. */
    static List<String> onS3(Path folder) {
        S3Server there = s3();
        return Stream.concat(Stream.of(there.settings("s3://" + bucket + "/" + prefix(folder))),
                // Killed gateways are followed by others soon.
                Stream.of("--wren.gateways.lease=3s")).toList();
    }
}

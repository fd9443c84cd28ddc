package dev.wren.gateway.store.s3;

import dev.wren.gateway.files.ProcessFolder;
import dev.wren.gateway.store.BucketException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.S3Uri;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.UserBuckets;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Buckets of callers. A client is made when one is used for the first time. */
@Component
final class S3UserBuckets implements UserBuckets, AutoCloseable {

    private final S3Clients clients;
    private final S3Settings settings;
    /** Guarded by this. */
    private @Nullable S3Client client;
    /** For what is read and written. Guarded by this. */
    private @Nullable ProcessFolder folder;

    S3UserBuckets(S3Clients clients, S3Settings settings) {
        this.clients = clients;
        this.settings = settings;
    }

    private synchronized S3Client client() {
        S3Client made = client;
        if (made == null) {
            made = clients.make();
            client = made;
        }
        return made;
    }

    private synchronized ProcessFolder folder() {
        ProcessFolder made = folder;
        if (made == null) {
            made = ProcessFolder.make("s3-user");
            folder = made;
        }
        return made;
    }

    @Override
    public void require(S3Uri uri) {
        if (!settings.allowedBuckets().contains(uri.bucket())) {
            throw new BucketException("The bucket " + uri.bucket() + " is not allowed; "
                    + (settings.allowedBuckets().isEmpty() ? "no bucket is." : "the configuration names others."));
        }
    }

    @Override
    public Optional<String> etag(S3Uri uri) {
        require(uri);
        try {
            return Optional.of(client().headObject(head -> head.bucket(uri.bucket()).key(uri.key())).eTag());
        } catch (SdkException e) {
            return absentOr(uri, "look at", e);
        }
    }

    private static <T> Optional<T> absentOr(S3Uri uri, String operation, SdkException e) {
        if (S3Errors.isAbsent(e)) {
            return Optional.empty();
        }
        throw failed(uri, operation, e);
    }

    private static RuntimeException failed(S3Uri uri, String operation, SdkException e) {
        if (e instanceof S3Exception answer && answer.statusCode() == 403) {
            return new BucketException("S3 lets this gateway not " + operation + " " + uri + ".");
        }
        if (e instanceof S3Exception answer && answer.statusCode() == 404) {
            return new BucketException("There is no bucket " + uri.bucket() + ".");
        }
        return S3Errors.failed(operation, uri.toString(), e);
    }

    @Override
    public Optional<ObjectStore.StoredObject> open(S3Uri uri) {
        require(uri);
        return unlessDenied(uri, "read",
                () -> new S3Reads(client(), settings, folder().path()).open(uri.bucket(), uri.key()));
    }

    private static <T> T unlessDenied(S3Uri uri, String operation, Supplier<T> action) {
        try {
            return action.get();
        } catch (StoreException e) {
            throw denied(uri, operation, e);
        }
    }

    private static RuntimeException denied(S3Uri uri, String operation, StoreException e) {
        return e.getCause() instanceof SdkException answer ? failed(uri, operation, answer) : e;
    }

    @Override
    public ObjectStore.Upload upload(S3Uri uri) {
        require(uri);
        ObjectStore.Upload upload = new S3Upload(client(), new S3Writes(client(), uri.bucket(), settings), uri.bucket(),
                uri.key(), folder().path(), settings);
        return new ObjectStore.Upload() {
            @Override
            public OutputStream stream() {
                OutputStream stream = upload.stream();
                return new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        write(new byte[]{(byte) b}, 0, 1);
                    }

                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        try {
                            stream.write(bytes, offset, length);
                        } catch (StoreException e) {
                            throw denied(uri, "write", e);
                        }
                    }
                };
            }

            @Override
            public boolean commit() {
                return unlessDenied(uri, "write", upload::commit);
            }

            @Override
            public void close() {
                upload.close();
            }
        };
    }

    @Override
    public void list(S3Uri prefix, Each each) throws IOException {
        require(prefix);
        try {
            for (S3Object object : client()
                    .listObjectsV2Paginator(list -> list.bucket(prefix.bucket()).prefix(prefix.key())).contents()) {
                if (!object.key().equals(prefix.key())) {
                    each.take(new S3Uri(prefix.bucket(), object.key()), object.size(), object.eTag().replace("\"", ""));
                }
            }
        } catch (SdkException e) {
            throw failed(prefix, "list", e);
        }
    }

    @Override
    public synchronized void close() {
        if (client != null) {
            client.close();
        }
        if (folder != null) {
            folder.close();
        }
    }
}

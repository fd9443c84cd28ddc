package dev.wren.gateway.store.s3;

import dev.wren.gateway.files.ProcessFolder;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.store.StoreKeys;
import dev.wren.gateway.store.StoreLinks;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Objects of a bucket, below a prefix. A new object is put with {@code If-None-Match: *}, one that is replaced with
 * {@code If-Match}; each write has an id of its own among the object's metadata, by which a write whose answer was lost
 * is told from another's. The bucket must be a general-purpose one, whose keys are listed in order.
 *
 * <p>
 * A put or a read of at most 8 MiB is one request. Every request has a time limit, a bounded number of tries, and a place
 * among those under way at once.
 */
final class S3ObjectStore implements ObjectStore {

    private static final Logger log = LoggerFactory.getLogger(S3ObjectStore.class);
    /** Keys in one answer or request, as S3 limits it. */
    private static final int MOST_KEYS = 1000;
    /** The byte after the slash: what is listed after it is not in the folder that is named before it. */
    private static final String AFTER_SLASH = "0";

    private final S3Client client;
    private final S3Location location;
    private final S3Settings settings;
    private final Clock clock;
    private final S3Writes writes;
    private final S3Reads reads;
    private final ProcessFolder spool;
    private final S3Links links;

    private S3ObjectStore(S3Client client, S3Location location, S3Settings settings, Clock clock, ProcessFolder spool) {
        this.client = client;
        this.location = location;
        this.settings = settings;
        this.clock = clock;
        this.spool = spool;
        this.writes = new S3Writes(client, location.bucket(), settings);
        this.reads = new S3Reads(client, settings, spool.path());
        this.links = new S3Links(client, location, settings);
    }

    /**
     * Opens the store.
     *
     * @param client is closed with the store, or if it cannot be opened
     * @throws StoreException if the bucket cannot be used
     */
    static S3ObjectStore open(S3Client client, S3Location location, S3Settings settings, Clock clock) {
        boolean opened = false;
        try {
            client.headBucket(head -> head.bucket(location.bucket()));
            check(new S3Writes(client, location.bucket(), settings), client, location);
            S3ObjectStore store = new S3ObjectStore(client, location, settings, clock, ProcessFolder.make("s3"));
            opened = true;
            return store;
        } catch (SdkException e) {
            throw new StoreException("the store " + location + " cannot be used: " + reason(location.bucket(), e), e);
        } finally {
            if (!opened) {
                client.close();
            }
        }
    }

    /** A server that takes a condition and does not look at it would lose what was decided. */
    private static void check(S3Writes writes, S3Client client, S3Location location) {
        String key = location.key("shards/check-" + S3Writes.newId());
        RequestBody body = RequestBody.fromString("conditions are looked at");
        try {
            boolean honoured = writes.create(key, body, 0).isPresent() && writes.create(key, body, 0).isEmpty()
                    && writes.replace(key, body, 0, "\"" + "0".repeat(32) + "\"").isEmpty();
            if (!honoured) {
                throw new StoreException("the store " + location + " cannot be used: its server does not honour"
                        + " If-None-Match and If-Match", null);
            }
        } finally {
            client.deleteObject(delete -> delete.bucket(location.bucket()).key(key));
        }
    }

    private static String reason(String bucket, SdkException e) {
        if (e instanceof S3Exception answer) {
            return switch (answer.statusCode()) {
                case 404 -> "there is no bucket " + bucket;
                case 403 -> "access to the bucket " + bucket + " is denied";
                case 301 -> "the bucket " + bucket + " is in another region than AWS_REGION";
                default -> S3Errors.reason(e);
            };
        }
        return S3Errors.reason(e);
    }

    @Override
    public boolean putIfAbsent(String key, byte[] bytes) {
        return writes.create(bucketKey(key), RequestBody.fromBytes(bytes), bytes.length).isPresent();
    }

    @Override
    public Upload upload(String key) {
        return new S3Upload(client, writes, location.bucket(), bucketKey(key), spool.path(), settings);
    }

    @Override
    public Optional<String> replace(String key, byte[] bytes, @Nullable String etag) {
        RequestBody body = RequestBody.fromBytes(bytes);
        return etag == null
                ? writes.create(bucketKey(key), body, bytes.length)
                : writes.replace(bucketKey(key), body, bytes.length, etag);
    }

    @Override
    public Optional<StoredObject> get(String key) {
        return reads.open(location.bucket(), bucketKey(key));
    }

    @Override
    public Optional<byte[]> read(String key, long offset, int length) {
        return reads.range(location.bucket(), bucketKey(key), offset, length);
    }

    @Override
    public List<Entry> list(String prefix, @Nullable String startAfter, int limit) {
        List<Entry> found = new ArrayList<>();
        // Nothing before the prefix is listed anyway, and some servers take a start outside of it for an error.
        pages(prefix, startAfter == null || startAfter.compareTo(prefix) < 0 ? null : location.key(startAfter), null,
                page -> page.contents().stream().limit((long) limit - found.size())
                        .forEach(object -> found.add(new Entry(location.ofBucket(object.key()), object.size()))),
                () -> limit - found.size());
        return found;
    }

    @Override
    public List<String> folders(String prefix, @Nullable String startAfter, int limit) {
        String start = location.key(prefix);
        List<String> found = new ArrayList<>();
        pages(prefix, startAfter == null ? null : start + startAfter + AFTER_SLASH, "/",
                page -> page.commonPrefixes().stream().map(CommonPrefix::prefix).limit((long) limit - found.size())
                        .forEach(folder -> found.add(folder.substring(start.length(), folder.length() - 1))),
                () -> limit - found.size());
        return found;
    }

    /** How much more is wanted of a list. */
    @FunctionalInterface
    private interface Wanted {
        int left();
    }

    private void pages(String prefix, @Nullable String startAfter, @Nullable String delimiter,
            Consumer<ListObjectsV2Response> take, Wanted wanted) {
        StoreKeys.prefixParts(prefix);
        ListObjectsV2Request request = ListObjectsV2Request.builder().bucket(location.bucket())
                .prefix(location.key(prefix)).startAfter(startAfter).delimiter(delimiter).build();
        try {
            String token = null;
            do {
                ListObjectsV2Response page = client.listObjectsV2(request.toBuilder()
                        .maxKeys(Math.min(MOST_KEYS, wanted.left())).continuationToken(token).build());
                take.accept(page);
                token = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
            } while (token != null && wanted.left() > 0);
        } catch (SdkException e) {
            throw S3Errors.failed("list", location.key(prefix), e);
        }
    }

    @Override
    public void delete(Collection<String> keys) {
        List<ObjectIdentifier> all = keys.stream()
                .map(key -> ObjectIdentifier.builder().key(bucketKey(key)).build()).toList();
        for (int from = 0; from < all.size(); from += MOST_KEYS) {
            List<ObjectIdentifier> batch = all.subList(from, Math.min(all.size(), from + MOST_KEYS));
            try {
                DeleteObjectsResponse answer = client.deleteObjects(request -> request.bucket(location.bucket())
                        .delete(objects -> objects.objects(batch).quiet(true)));
                if (answer.hasErrors() && !answer.errors().isEmpty()) {
                    S3Error first = answer.errors().getFirst();
                    throw new StoreException(
                            "delete of " + answer.errors().size() + " objects failed, of " + first.key()
                                    + ": " + first.code() + " " + first.message(),
                            null);
                }
            } catch (SdkException e) {
                throw S3Errors.failed("delete", batch.getFirst().key(), e);
            }
        }
    }

    /** Multipart uploads that nobody completes or aborts any more are aborted: S3 keeps their parts, and bills them. */
    @Override
    public void sweep() {
        Instant before = clock.instant().minus(settings.abandonedAfter());
        try {
            client.listMultipartUploadsPaginator(list -> list.bucket(location.bucket()).prefix(location.prefix()))
                    .uploads().stream()
                    .filter(upload -> upload.initiated().isBefore(before))
                    .forEach(this::abort);
        } catch (SdkException e) {
            throw S3Errors.failed("list of uploads", location.prefix(), e);
        }
    }

    private void abort(MultipartUpload upload) {
        log.info("the upload of {}, begun at {}, was never completed and is aborted", upload.key(), upload.initiated());
        client.abortMultipartUpload(
                abort -> abort.bucket(location.bucket()).key(upload.key()).uploadId(upload.uploadId()));
    }

    @Override
    public Optional<StoreLinks> links() {
        return Optional.of(links);
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public String description() {
        return location.toString();
    }

    @Override
    public void close() {
        try (spool; links) {
            client.close();
        }
    }

    private String bucketKey(String key) {
        StoreKeys.parts(key);
        return location.key(key);
    }
}

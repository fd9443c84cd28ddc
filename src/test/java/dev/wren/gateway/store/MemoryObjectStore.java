package dev.wren.gateway.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A store in memory, for tests of thousands of lives; it keeps the same contract as the others. */
public final class MemoryObjectStore implements ObjectStore {

    private static final Pattern KEY = Pattern.compile("(?!(.*/)?\\.{1,2}(/|$))[A-Za-z0-9._=:-]+(/[A-Za-z0-9._=:-]+)*");

    private final TreeMap<String, byte[]> objects = new TreeMap<>();

    private static String checked(String key) {
        if (!KEY.matcher(key).matches()) {
            throw new IllegalArgumentException("not a key: " + key);
        }
        return key;
    }

    @Override
    public synchronized boolean putIfAbsent(String key, byte[] bytes) {
        return objects.putIfAbsent(checked(key), bytes.clone()) == null;
    }

    @Override
    public Upload upload(String key) {
        checked(key);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        return new Upload() {
            @Override
            public OutputStream stream() {
                return bytes;
            }

            @Override
            public boolean commit() {
                return putIfAbsent(key, bytes.toByteArray());
            }

            @Override
            public void close() {
                bytes.reset();
            }
        };
    }

    private static String etag(byte[] bytes) {
        return Integer.toHexString(Arrays.hashCode(bytes)) + "-" + bytes.length;
    }

    @Override
    public synchronized Optional<String> replace(String key, byte[] bytes, String etag) {
        byte[] there = objects.get(checked(key));
        if (etag == null ? there != null : there == null || !etag.equals(etag(there))) {
            return Optional.empty();
        }
        objects.put(key, bytes.clone());
        return Optional.of(etag(bytes));
    }

    @Override
    public synchronized Optional<StoredObject> get(String key) {
        return Optional.ofNullable(objects.get(checked(key)))
                .map(bytes -> new StoredObject(bytes.length, etag(bytes), new ByteArrayInputStream(bytes)));
    }

    @Override
    public synchronized Optional<byte[]> read(String key, long offset, int length) {
        return Optional.ofNullable(objects.get(checked(key))).map(bytes -> {
            int from = (int) Math.min(offset, bytes.length);
            return Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + length));
        });
    }

    private Map<String, byte[]> under(String prefix, String startAfter) {
        return objects.tailMap(startAfter == null || startAfter.compareTo(prefix) < 0 ? prefix : startAfter,
                startAfter == null);
    }

    @Override
    public synchronized List<Entry> list(String prefix, String startAfter, int limit) {
        return under(prefix, startAfter).entrySet().stream()
                .takeWhile(each -> each.getKey().startsWith(prefix))
                .limit(limit)
                .map(each -> new Entry(each.getKey(), each.getValue().length))
                .toList();
    }

    @Override
    public synchronized List<String> folders(String prefix, String startAfter, int limit) {
        return under(prefix, null).keySet().stream()
                .takeWhile(key -> key.startsWith(prefix))
                .map(key -> key.substring(prefix.length()))
                .filter(rest -> rest.indexOf('/') > 0)
                .map(rest -> rest.substring(0, rest.indexOf('/')))
                .distinct()
                .filter(name -> startAfter == null || (name + "/").compareTo(startAfter + "/") > 0)
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized void delete(Collection<String> keys) {
        keys.forEach(objects::remove);
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public String description() {
        return "memory";
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}

package dev.wren.gateway.jar;

import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.ObjectKeys;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** What names of jars refer to: entries that are compared and set. Safe for use by several threads. */
final class JarNames {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");
    private static final int PAGE = 500;
    private static final Logger log = LoggerFactory.getLogger(JarNames.class);

    private final ObjectStore store;
    private final Clock clock;
    private final JsonMapper json = JsonMapper.shared();

    JarNames(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** Whether this may be a name at all. */
    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** Lets a name refer to a content from now on. */
    Jars.PutResult put(String tenant, String name, String hash, long size) {
        String key = ObjectKeys.jar(tenant, name);
        while (true) {
            Optional<ObjectStore.StoredObject> there = store.get(key);
            String etag = null;
            if (there.isPresent()) {
                etag = there.get().etag();
                Optional<JarInfo> old = readable(key, there.get().bytes());
                if (old.isPresent() && old.get().sha256().equals(hash)) {
                    return new Jars.PutResult(old.get(), false);
                }
            }
            JarInfo jar = new JarInfo(name, hash, size, clock.instant().truncatedTo(ChronoUnit.MILLIS));
            if (store.replace(key, json.writeValueAsBytes(jar), etag).isPresent()) {
                return new Jars.PutResult(jar, true);
            }
        }
    }

    /**
     * Jars in the order of their names, as many as {@code limit} if there are; without those that are damaged.
     *
     * @param afterName only names after this one; null: from the start
     */
    List<JarInfo> list(String tenant, @Nullable String afterName, int limit) {
        List<JarInfo> jars = new ArrayList<>();
        String from = afterName == null ? null : ObjectKeys.jar(tenant, afterName);
        while (jars.size() < limit) {
            int wanted = limit - jars.size();
            List<ObjectStore.Entry> entries = store.list(ObjectKeys.jars(tenant), from, wanted);
            for (ObjectStore.Entry entry : entries) {
                from = entry.key();
                store.get(entry.key())
                        .flatMap(object -> readable(entry.key(), object.bytes()))
                        .ifPresent(jars::add);
            }
            if (entries.size() < wanted) {
                break;
            }
        }
        return jars;
    }

    /** Forgets a name, of a damaged entry too; false if there is none. */
    boolean delete(String tenant, String name) {
        String key = ObjectKeys.jar(tenant, name);
        if (!isName(name) || store.read(key, 0, 1).isEmpty()) {
            return false;
        }
        store.delete(List.of(key));
        return true;
    }

    /** Hashes of the contents that names refer to. */
    Set<String> named(String tenant) {
        Set<String> hashes = new HashSet<>();
        String after = null;
        List<JarInfo> page;
        do {
            page = list(tenant, after, PAGE);
            for (JarInfo jar : page) {
                hashes.add(jar.sha256());
                after = jar.name();
            }
        } while (page.size() == PAGE);
        return hashes;
    }

    /**
     * What a name refers to.
     *
     * @throws DamagedObjectException if that cannot be read
     */
    Optional<JarInfo> find(String tenant, String name) {
        if (!isName(name)) {
            return Optional.empty();
        }
        String key = ObjectKeys.jar(tenant, name);
        return store.get(key).map(object -> read(key, object.bytes()));
    }

    private JarInfo read(String key, byte[] bytes) {
        try {
            @Nullable
            JarInfo jar = json.readValue(bytes, JarInfo.class);
            if (jar != null) {
                return jar;
            }
            throw new DamagedObjectException(key, "the jar's entry is null", null);
        } catch (JacksonException e) {
            throw new DamagedObjectException(key, "the jar's entry cannot be read", e);
        }
    }

    private Optional<JarInfo> readable(String key, byte[] bytes) {
        try {
            return Optional.of(read(key, bytes));
        } catch (DamagedObjectException e) {
            log.error("A jar's entry is damaged and is passed over; putting the jar again repairs it", e);
            return Optional.empty();
        }
    }
}

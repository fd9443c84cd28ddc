package dev.wren.gateway.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.ObjectStoreContract;
import dev.wren.gateway.store.StoreInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class FileObjectStoreTest extends ObjectStoreContract {

    private static final DataSize NAMES = DataSize.ofMegabytes(1);

    @TempDir
    private Path folder;

    @Override
    protected ObjectStore open() throws IOException {
        return FileObjectStore.open(Files.createTempDirectory(folder, "store"), NAMES);
    }

    @Test
    void a_second_gateway_is_told_who_holds_the_folder() {
        Path one = folder.resolve("one");
        try (ObjectStore _ = FileObjectStore.open(one, NAMES)) {
            assertThatThrownBy(() -> FileObjectStore.open(one, NAMES)).isInstanceOf(StoreInUseException.class)
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
        }
        FileObjectStore.open(one, NAMES).close();
    }

    @Test
    void what_a_crash_left_is_swept() throws IOException {
        Path one = folder.resolve("one");
        FileObjectStore.open(one, NAMES).close();
        Path left = Files.writeString(one.resolve(".wren/tmp/17"), "half");
        try (ObjectStore store = FileObjectStore.open(one, NAMES)) {
            assertThat(left).doesNotExist();
            assertThat(store.putIfAbsent("a", new byte[1])).isTrue();
            assertThat(one.resolve(".wren/tmp")).isEmptyDirectory();
        }
    }

    /** More folders than are read each time, some of them made and removed while they are listed for the first time. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1_000, 1_000_000})
    void many_folders_are_listed_as_they_are(long bytes) throws Exception {
        Path one = folder.resolve("many" + bytes);
        try (ObjectStore store = FileObjectStore.open(one, DataSize.ofBytes(bytes));
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int i = 0; i < 1_000; i++) {
                Files.createDirectories(one.resolve("t/callsets/%05d".formatted(i)));
                Files.write(one.resolve("t/callsets/%05d/callset".formatted(i)), new byte[1]);
            }
            List<Future<?>> writers = new ArrayList<>();
            for (int thread = 0; thread < 2; thread++) {
                int mine = thread;
                writers.add(threads.submit(() -> {
                    for (int i = mine; i < 400; i += 2) {
                        store.delete(List.of("t/callsets/%05d/callset".formatted(i * 2)));
                        store.putIfAbsent("t/callsets/%05d/callset".formatted(5_000 + i), new byte[1]);
                        // Both meet on these.
                        store.putIfAbsent("t/callsets/%05d/%d".formatted(9_000 + i / 2, mine), new byte[1]);
                        store.delete(List.of("t/callsets/%05d/%d".formatted(9_000 + i / 2, mine)));
                    }
                }));
            }
            while (!writers.stream().allMatch(Future::isDone)) {
                assertThat(store.folders("t/callsets/", "00900", 50)).isSorted().hasSizeLessThanOrEqualTo(50)
                        .allMatch(name -> name.compareTo("00900") > 0);
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
            assertThat(all(store)).isEqualTo(onDisk(one.resolve("t/callsets")));
            assertThat(store.folders("t/callsets/", "00850", 3)).containsExactly("00851", "00852", "00853");
        }
    }

    private static List<String> all(ObjectStore store) {
        List<String> names = new ArrayList<>();
        List<String> page;
        do {
            page = store.folders("t/callsets/", names.isEmpty() ? null : names.getLast(), 70);
            names.addAll(page);
        } while (page.size() == 70);
        return names;
    }

    private static List<String> onDisk(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}

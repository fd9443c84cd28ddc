package dev.wren.gateway.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.ObjectStoreContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileObjectStoreTest extends ObjectStoreContract {

    @TempDir
    private Path folder;

    @Override
    protected ObjectStore open() throws IOException {
        return FileObjectStore.open(Files.createTempDirectory(folder, "store"));
    }

    @Test
    void a_second_gateway_is_told_who_holds_the_folder() {
        Path one = folder.resolve("one");
        try (ObjectStore _ = FileObjectStore.open(one)) {
            assertThatThrownBy(() -> FileObjectStore.open(one)).isInstanceOf(StoreInUseException.class)
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
        }
        FileObjectStore.open(one).close();
    }

    @Test
    void what_a_crash_left_is_swept() throws IOException {
        Path one = folder.resolve("one");
        FileObjectStore.open(one).close();
        Path left = Files.writeString(one.resolve(".wren/tmp/17"), "half");
        try (ObjectStore store = FileObjectStore.open(one)) {
            assertThat(left).doesNotExist();
            assertThat(store.putIfAbsent("a", new byte[1])).isTrue();
            assertThat(one.resolve(".wren/tmp")).isEmptyDirectory();
        }
    }
}

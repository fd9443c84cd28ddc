package dev.wren.gateway.store.file;

import dev.wren.gateway.limits.Heap;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreKind;
import java.nio.file.Path;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;

/** Folders of this machine. */
@Component
final class FileStoreKind implements StoreKind {

    /** Part of the heap that names of folders may take. */
    private static final int NAMES_PART = 16;

    @Override
    public boolean accepts(String location) {
        return !location.contains("://");
    }

    @Override
    public String form() {
        return "a folder";
    }

    @Override
    public ObjectStore open(String location) {
        return FileObjectStore.open(Path.of(location), Heap.orPart(DataSize.ofBytes(0), NAMES_PART));
    }
}

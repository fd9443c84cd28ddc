package dev.wren.gateway.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.HeapUse;
import dev.wren.protocol.CallsetId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class FolderListingsTest {

    /** Too little would let names take more than their part of the heap. */
    @Test
    void a_kept_name_takes_what_is_reckoned(@TempDir Path root) throws IOException {
        int folders = 5000;
        for (int i = 0; i < folders; i++) {
            Files.createDirectory(root.resolve(CallsetId.of(1_700_000_000_000L + i, 0, i, i).text()));
        }
        FolderListings listings = new FolderListings(".hidden", 1 << 20);
        listings.folders(root.resolve("none"), null, 10);
        long bytes = HeapUse.of(() -> {
            try {
                assertThat(listings.folders(root, null, 1)).hasSize(1);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return listings;
        });
        assertThat(bytes / folders).isBetween(FolderListings.NAME / 2L, (long) FolderListings.NAME);
    }
}

package dev.wren.gateway.store.file;

import java.io.Serial;
import java.nio.file.Path;

/** Another gateway uses the folder. */
public final class StoreInUseException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    StoreInUseException(Path folder, String holder) {
        super("the store " + folder + " is in use by " + (holder.isBlank() ? "another gateway" : holder)
                + "; one gateway at a time uses a folder");
    }
}

package dev.wren.gateway.jar;

import jakarta.validation.constraints.Min;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Limits of jars.
 *
 * @param maxSize bytes of a jar
 * @param maxEntries entries in a jar
 * @param maxUnpackedSize bytes of all entries of a jar, inflated
 * @param maxUploads jars being received at once, each of them a temporary file
 * @param cacheFolder where jars are kept as files for workers; a private folder among the system's temporary files where
 * it is not given
 * @param cacheSize bytes of jars kept there, save for those in use
 */
@Validated
@ConfigurationProperties("wren.jars")
record JarSettings(@DefaultValue("256MB") DataSize maxSize, @DefaultValue("100000") @Min(1) int maxEntries,
        @DefaultValue("2GB") DataSize maxUnpackedSize, @DefaultValue("16") @Min(1) int maxUploads,
        @Nullable String cacheFolder, @DefaultValue("2GB") DataSize cacheSize) {

    JarSettings {
        for (DataSize size : List.of(maxSize, maxUnpackedSize, cacheSize)) {
            if (size.toBytes() < 1) {
                throw new IllegalArgumentException("wren.jars: a size is at least one byte, not " + size);
            }
        }
    }
}

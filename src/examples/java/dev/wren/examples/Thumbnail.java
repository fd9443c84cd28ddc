package dev.wren.examples;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/** Makes a small picture of a large one. */
public class Thumbnail {

    /**
     * One datum.
     *
     * @param image a PNG, JPEG, GIF or BMP, in base 64
     * @param width of the small picture, pixels
     */
    public record Picture(String image, int width) {
    }

    /** A PNG of that width, in base 64; the height keeps the proportions. */
    public String shrink(Picture picture) throws IOException {
        byte[] bytes = Base64.getDecoder().decode(picture.image());
        BufferedImage large = ImageIO.read(new ByteArrayInputStream(bytes));
        if (large == null) {
            throw new IllegalArgumentException("not a PNG, JPEG, GIF or BMP");
        }
        int width = Math.min(picture.width(), large.getWidth());
        int height = Math.max(1, large.getHeight() * width / large.getWidth());
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
        graphics.drawImage(large, 0, 0, width, height, null);
        graphics.dispose();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(small, "png", png);
        return Base64.getEncoder().encodeToString(png.toByteArray());
    }
}

"""Text in: tokens with exact character spans, language, sentences, windows over long text."""

"""`bee watch`: a full-screen live view. `queue` is what it shows, `app` is the screen."""

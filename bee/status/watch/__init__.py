"""`bee watch`: a full-screen live view. `picture` is what it shows, `app` is the screen."""

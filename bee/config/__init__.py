"""The two settings files, read strictly, and which setting counts where."""
